//! `cargo xtask acceptance`: real Terraform, the real provider binary, the sandbox.

use crate::Result;
use crate::steps::{Steps, cargo};
use crate::terraform::Choice;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only the acceptance tests whose name contains this.
    filter: Option<String>,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

pub(crate) fn steps(steps: &mut Steps, args: &Args) -> Result {
    let terraform = args.choice.find()?;
    steps.command(
        "provider",
        &mut cargo("build -p terraform-provider-tke"),
        "mend what the compiler names",
    )?;
    let mut test = cargo("test -p acceptance-tests");
    test.env("TKE_TERRAFORM_BIN", terraform).args(&args.filter);
    steps.command(
        "acceptance tests",
        &mut test,
        "each failure above shows what Terraform printed and what the sandbox was asked",
    )
}
