//! The licences, versions, sources and known faults of our dependencies: cargo-deny by `deny.toml`.

use std::process::Command;

use crate::{Result, root, steps::Steps, tools};

pub(crate) fn steps(steps: &mut Steps) -> Result {
    let program = tools::install_cargo_deny()?;
    let cargo_deny = |arguments: &str| {
        let mut command = Command::new(&program);
        command.current_dir(root()).args(arguments.split(' '));
        command
    };
    steps.command(
        "dependencies",
        &mut cargo_deny("check bans licenses sources"),
        "choose another package, or add an exception with its reason to deny.toml",
    )?;
    // The database is a Git repository, which not every place that builds us can reach.
    if !cargo_deny("fetch db").output()?.status.success() {
        steps.warn(
            "ADVISORIES WERE NOT CHECKED: https://github.com/rustsec/advisory-db cannot be reached",
        );
        return Ok(());
    }
    steps.command(
        "advisories",
        &mut cargo_deny("check --disable-fetch advisories"),
        "update the package, or add the advisory with the reason to deny.toml",
    )
}
