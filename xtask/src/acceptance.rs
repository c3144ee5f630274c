//! `cargo xtask acceptance`: real Terraform, the real provider binary, the sandbox; and the sink
//! provider under every core.

use crate::{
    Result,
    steps::{Steps, build_programs, cargo},
    terraform::Choice,
    tools,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only the acceptance tests whose name contains this.
    filter: Option<String>,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

pub(crate) fn steps(steps: &mut Steps, args: &Args) -> Result {
    let terraform = args.choice.find()?;
    steps.command("provider", &mut build_programs(), "mend what the compiler names")?;
    steps.command(
        "kitchen-sink provider",
        &mut cargo("build --workspace --example kitchen_sink"),
        "mend what the compiler names",
    )?;
    if args.filter.is_none() {
        steps.function("terraform versions", tools::install_for_acceptance)?;
    }
    // The whole workspace, as in `check`; the libraries for the tests of the test context itself.
    let mut test = cargo("test --workspace --test acceptance --test terraform_versions");
    match &args.filter {
        Some(filter) => test.arg(filter),
        None => test.arg("--lib"),
    };
    steps.command(
        "acceptance tests",
        test.env("TKE_TERRAFORM_BIN", terraform),
        "each failure above shows what Terraform printed and what the sandbox was asked",
    )
}
