//! `cargo xtask`: the one front door for every chore. One command is one file.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks on its standard streams"
)]
#![expect(clippy::indexing_slicing, reason = "JSON answers null for what is absent")]

mod acceptance;
mod bench;
mod check;
mod codegen;
mod deny;
mod docs;
mod fmt;
mod http;
mod quickstart;
mod sandbox;
mod steps;
mod terraform;
mod test;
mod tidy;
mod tools;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

use self::steps::Steps;

/// What a chore fails with: a sentence for the person who ran it.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Apply, drift, heal and destroy Pod security groups with real Terraform on the sandbox.
    Quickstart(quickstart::Args),
    /// Everything CI runs: check, then acceptance.
    Test(acceptance::Args),
    /// What needs no Terraform: format, tidy, lints, docs, unit tests, dependencies.
    Check,
    /// Real Terraform, the real provider and the sandbox.
    Acceptance(acceptance::Args),
    /// Format all Rust code.
    Fmt,
    /// The rules of ARCHITECTURE.md and CONTRIBUTING.md that a program can check.
    Tidy,
    /// Generate the protocol code from `proto/`.
    Codegen(codegen::Args),
    /// Make the registry's pages in `docs/` from what the provider declares.
    Docs(docs::Args),
    /// The numbers that the design promises, measured now.
    Bench(terraform::Choice),
    /// Install what we are tested with: `OpenTofu`, later Terraforms, tfplugindocs, cargo-deny.
    Tools,
}

fn main() -> ExitCode {
    match run(Chore::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result {
    match chore {
        Chore::Quickstart(args) => quickstart::run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Check => Steps::run(check::steps),
        Chore::Acceptance(args) => Steps::run(|steps| acceptance::steps(steps, &args)),
        Chore::Fmt => Steps::run(fmt::step),
        Chore::Tidy => tidy::run(),
        Chore::Codegen(args) => codegen::run(&args),
        Chore::Docs(args) => docs::run(&args),
        Chore::Bench(choice) => bench::run(&choice),
        Chore::Tools => tools::install(),
    }
}

/// Fails with a sentence where what should hold does not.
fn ensure(holds: bool, otherwise: impl Into<String>) -> Result {
    if holds { Ok(()) } else { Err(otherwise.into().into()) }
}

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// The folder that cargo builds into: this program lies in `<target>/debug`.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target.ok_or("run this as `cargo xtask`")?.to_owned())
}
