//! `cargo xtask check`: what can be known without Terraform, cheapest first.
//!
//! Every command here, and the acceptance tests, selects the whole workspace with its tests. Cargo
//! unites the features of what is selected; with another selection it would build most of our
//! dependencies again.

use crate::{
    Result, deny, fmt,
    steps::{Steps, cargo},
    tidy,
};

pub(crate) fn steps(steps: &mut Steps) -> Result {
    steps.command("format", fmt::rustfmt().arg("--check"), "run `cargo xtask fmt`")?;
    steps.function("tidy", tidy::run)?;
    steps.command(
        "lints",
        &mut cargo("clippy --quiet --workspace --all-targets -- --deny warnings"),
        "mend what clippy names; an exception is `#[expect(lint, reason = \"…\")]`",
    )?;
    steps.command(
        "documentation",
        // To ask for examples is to select what tests need. Those programs that are not named here
        // have the name of their library.
        cargo("doc --quiet --workspace --no-deps --document-private-items")
            .args(["--lib", "--bin=xtask", "--bin=codegen", "--bin=docs", "--examples"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
        "mend what rustdoc names, mostly a link to nothing",
    )?;
    steps.command(
        "unit tests",
        // Two of them compare what is generated, code and pages, with what it is made from.
        &mut cargo("test --workspace --exclude acceptance-tests"),
        "run the named test alone with `cargo test -p <package> <test>`",
    )?;
    deny::steps(steps)
}
