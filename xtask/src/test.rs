//! `cargo xtask test`: everything CI runs.

use crate::steps::Steps;
use crate::{Result, acceptance, check, docs};

pub(crate) fn run(args: &acceptance::Args) -> Result {
    Steps::run(|steps| {
        check::steps(steps)?;
        acceptance::steps(steps, args)?;
        docs::validate(steps, &args.choice)
    })
}
