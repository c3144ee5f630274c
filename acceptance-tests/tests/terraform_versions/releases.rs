//! The releases of Terraform and OpenTofu that the provider layer is tested with.

use std::{path::PathBuf, process::Command};

/// One release of a program that runs providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) product: &'static str,
    pub(crate) version: &'static str,
    minor: u32,
    /// In `target/tools`, or without a slash in PATH.
    program: &'static str,
}

pub(crate) const RELEASES: [Release; 4] = [
    Release { product: "Terraform", version: "1.11.4", minor: 11, program: "terraform" },
    Release {
        product: "Terraform",
        version: "1.14.9",
        minor: 14,
        program: "terraform-1.14.9/bin/terraform",
    },
    Release {
        product: "Terraform",
        version: "1.15.5",
        minor: 15,
        program: "terraform-1.15.5/bin/terraform",
    },
    Release { product: "OpenTofu", version: "1.12.6", minor: 12, program: "./tofu" },
];

/// The first minor version of each product that supports a feature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    pub(crate) terraform: u32,
    pub(crate) opentofu: Option<u32>,
}

impl Release {
    /// Whether this release supports what came with those versions.
    pub(crate) fn supports(&self, since: Since) -> bool {
        let first = if self.product == "OpenTofu" { since.opentofu } else { Some(since.terraform) };
        first.is_some_and(|first| first <= self.minor)
    }

    /// The program, where it is installed in this very version.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        let program = if self.program.contains('/') {
            target().join("tools").join(self.program)
        } else {
            self.program.into()
        };
        let version = Command::new(&program)
            .arg("version")
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_CLI_CONFIG_FILE")
            .output()
            .ok()?;
        let expected = format!("{} v{}\n", self.product, self.version);
        String::from_utf8_lossy(&version.stdout).starts_with(&expected).then_some(program)
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.product, self.version)
    }
}

/// The folder that cargo builds into: tests run from `<target>/debug/deps`.
pub(crate) fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}
