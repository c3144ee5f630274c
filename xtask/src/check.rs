//! `cargo xtask check`: what can be known without Terraform, cheapest first.

use crate::steps::{Steps, cargo};
use crate::{Result, tidy};

pub(crate) fn steps(steps: &mut Steps) -> Result {
    steps.command("format", &mut cargo("fmt --all --check"), "run `cargo fmt --all`")?;
    steps.function("tidy", tidy::run)?;
    steps.command(
        "lints",
        &mut cargo("clippy --quiet --workspace --all-targets -- --deny warnings"),
        "mend what clippy names; an exception is `#[expect(lint, reason = \"…\")]`",
    )?;
    steps.command(
        "lints of the test core",
        &mut cargo("clippy --quiet -p tf-provider --all-targets --features testing -- -D warnings"),
        "mend what clippy names in tf-provider with its feature `testing`",
    )?;
    steps.command(
        "unit tests",
        &mut cargo("test --workspace --exclude acceptance-tests --features tf-provider/testing"),
        "run the named test alone with `cargo test -p <package> <test>`",
    )?;
    steps.command(
        "generated code",
        &mut cargo("run --quiet -p codegen -- --check"),
        "run `cargo xtask codegen` and commit what it wrote",
    )?;
    steps.command(
        "documentation",
        cargo("doc --quiet --workspace --no-deps --document-private-items")
            .env("RUSTDOCFLAGS", "--deny warnings"),
        "mend what rustdoc names, mostly a link to nothing",
    )
}
