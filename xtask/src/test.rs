//! `cargo xtask test`: everything CI runs.

use crate::{Result, acceptance, check, docs, steps::Steps};

pub(crate) fn run(args: &acceptance::Args) -> Result {
    Steps::run(|steps| {
        check::steps(steps)?;
        acceptance::steps(steps, args)?;
        docs::validate(steps, &args.choice)
    })
}
