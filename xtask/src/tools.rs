//! `cargo xtask tools`: the real parts that the sandbox is used with, built once.

use crate::{Result, ensure, root, target};
use std::path::{Path, PathBuf};
use std::process::Command;

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
    let status = Command::new(go)
        .current_dir(root().join("xtask/tools").join(name))
        .args(["build", "-ldflags", link, "-o"])
        .arg(&program)
        .arg(package)
        .status()?;
    ensure(status.success(), format!("`go build` of {name} failed; its message stands above"))?;
    Ok(Some(program))
}

/// The program of that name that a shell would run.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_programs_only() {
        assert!(in_path("sh").is_some());
        assert_eq!(in_path("no-such-program"), None);
        assert!(!is_program(Path::new("/etc/passwd")));
    }
}
