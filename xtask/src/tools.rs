//! `cargo xtask tools`: what others made and we are tested with, installed once into `target/tools`.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result, ensure, root,
    steps::{self, cargo},
    target,
};

/// Later versions of Terraform, each embedded in a wheel that `xtask/tools` pins.
const TERRAFORMS: [&str; 2] = ["1.14.9", "1.15.5"];

/// What checks our dependencies, built from the registry.
const CARGO_DENY: &str = "0.20.2";

/// What pip says where a package has no wheel for the Python or the system that it runs on.
const NO_WHEEL: &str = "No matching distribution found";

/// Installs everything whose installer is here, and says what is left out.
pub(crate) fn install() -> Result {
    install_cargo_deny()?;
    install_for_acceptance()
}

/// Installs what the acceptance tests run.
pub(crate) fn install_for_acceptance() -> Result {
    if in_path("go").is_some() {
        build_opentofu()?;
        build_tfplugindocs()?;
    } else {
        println!("OpenTofu and tfplugindocs are left out: there is no Go here to build them with");
    }
    let Some(python) = in_path("python3") else {
        println!("Terraform {} are left out: there is no Python here", TERRAFORMS.join(" and "));
        return Ok(());
    };
    TERRAFORMS.iter().try_for_each(|version| install_terraform(version, &python))
}

/// Installs one wheel in a virtual environment of its own, with a program `bin/terraform`.
fn install_terraform(version: &str, python: &Path) -> Result {
    let folder = target()?.join("tools").join(format!("terraform-{version}"));
    let program = folder.join("bin/terraform");
    if program.exists() {
        return Ok(());
    }
    println!("Installing Terraform {version} into {} (once)", folder.display());
    steps::run(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    let its_python = folder.join("bin/python");
    let installed = Command::new(&its_python)
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r"])
        .arg(root().join(format!("xtask/tools/terraform-{version}.txt")))
        .output()?;
    let said = String::from_utf8_lossy(&installed.stderr);
    if said.contains(NO_WHEEL) {
        println!("Terraform {version} is left out: its wheel is not made for this Python");
        return Ok(());
    }
    ensure(installed.status.success(), format!("`pip install` failed:\n\n{said}"))?;
    let script = include_str!("../tools/terraform.py");
    std::fs::write(&program, format!("#!{}\n{script}", its_python.display()))?;
    Ok(std::fs::set_permissions(&program, Permissions::from_mode(0o755))?)
}

/// Builds cargo-deny, once for each version, and tells where it is.
pub(crate) fn install_cargo_deny() -> Result<PathBuf> {
    let folder = target()?.join("tools").join(format!("cargo-deny-{CARGO_DENY}"));
    let program = folder.join("bin/cargo-deny");
    if program.exists() {
        return Ok(program);
    }
    println!("Building cargo-deny {CARGO_DENY} into {} (some minutes, once)", folder.display());
    let mut install = cargo("install cargo-deny --locked --quiet --no-default-features");
    steps::run(install.args(["--version", CARGO_DENY, "--root"]).arg(&folder))?;
    Ok(program)
}

/// Builds `OpenTofu` and tells where it is.
pub(crate) fn build_opentofu() -> Result<PathBuf> {
    let program = build(
        "tofu",
        "github.com/opentofu/opentofu/cmd/tofu",
        "-s -w -X github.com/opentofu/opentofu/version.dev=no",
    )?;
    let no_go = "there is no Terraform here: install it from \
                 https://developer.hashicorp.com/terraform/install, or install Go from \
                 https://go.dev/dl, with which this command builds OpenTofu";
    Ok(program.ok_or(no_go)?)
}

/// Builds the registry's check of documentation, where there is Go, and tells where it is.
pub(crate) fn build_tfplugindocs() -> Result<Option<PathBuf>> {
    build("tfplugindocs", "github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs", "-s -w")
}

/// Builds a program from its Go module, as pinned in `xtask/tools/<name>`, once.
fn build(name: &str, package: &str, link: &str) -> Result<Option<PathBuf>> {
    let program = target()?.join("tools").join(name);
    if program.exists() {
        return Ok(Some(program));
    }
    let Some(go) = in_path("go") else { return Ok(None) };
    println!("Building {} (a while, once)", program.display());
    let mut build = Command::new(go);
    build.current_dir(root().join("xtask/tools").join(name));
    steps::run(build.args(["build", "-ldflags", link, "-o"]).arg(&program).arg(package))?;
    Ok(Some(program))
}

/// The program of that name that a shell would run.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_executable_files_are_programs() {
        assert!(in_path("sh").is_some());
        assert_eq!(in_path("no-such-program"), None);
        assert!(!is_program(Path::new("/etc/passwd")));
    }
}
