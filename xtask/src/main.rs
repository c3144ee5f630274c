//! `cargo xtask`: every task of a developer in this repository. One command is one file.

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

/// What a task fails with: a sentence for the person who ran it.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
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
    match run(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result {
    match task {
        Task::Quickstart(args) => quickstart::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Check => Steps::run(check::steps),
        Task::Acceptance(args) => Steps::run(|steps| acceptance::steps(steps, &args)),
        Task::Fmt => Steps::run(fmt::step),
        Task::Tidy => tidy::run(),
        Task::Codegen(args) => codegen::run(&args),
        Task::Docs(args) => docs::run(&args),
        Task::Bench(choice) => bench::run(&choice),
        Task::Tools => tools::install(),
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
