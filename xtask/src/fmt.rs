//! `cargo xtask fmt`: formats all Rust code.

use std::process::Command;

use crate::{
    Result,
    steps::{Steps, cargo},
};

pub(crate) fn step(steps: &mut Steps) -> Result {
    steps.command("format", &mut rustfmt(), "mend what rustfmt names")
}

/// The command that formats; with `--check` added it only compares.
pub(crate) fn rustfmt() -> Command {
    let options = "imports_granularity=Crate,group_imports=StdExternalCrate";
    let mut command = cargo(&format!("fmt --all -- --config {options}"));
    // The pinned rustfmt has both options and takes them only with this switch, because their
    // output may still change between versions. In `rustfmt.toml` they would warn without it.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}
