//! `cargo xtask codegen`: proto to committed Rust.
//!
//! The generator is a package of its own: only this command and CI pay for building it.

use crate::{
    Result,
    steps::{Steps, cargo},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail where the committed code is not what would be generated.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut command = cargo("run --quiet -p codegen --");
    if args.check {
        command.arg("--check");
    }
    Steps::run(|steps| {
        steps.command("codegen", &mut command, "run `cargo xtask codegen` and commit what it wrote")
    })
}
