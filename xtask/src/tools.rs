//! `cargo xtask tools`: the real parts that the sandbox is used with, built once.

use crate::{Result, ensure, root, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds `OpenTofu` from its Go module, as pinned in `xtask/tools/tofu`, and tells where it is.
pub(crate) fn build_opentofu() -> Result<PathBuf> {
    let program = target()?.join("tools/tofu");
    if program.exists() {
        return Ok(program);
    }
    let go = in_path("go").ok_or(
        "there is no Terraform here: install it from \
         https://developer.hashicorp.com/terraform/install, or install Go from https://go.dev/dl, \
         with which this command builds OpenTofu",
    )?;
    println!("Building OpenTofu into {} (some minutes, once)", program.display());
    let status = Command::new(go)
        .current_dir(root().join("xtask/tools/tofu"))
        .args(["build", "-ldflags", "-s -w -X github.com/opentofu/opentofu/version.dev=no", "-o"])
        .arg(&program)
        .arg("github.com/opentofu/opentofu/cmd/tofu")
        .status()?;
    ensure(status.success(), "`go build` of OpenTofu failed; its message stands above")?;
    Ok(program)
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
