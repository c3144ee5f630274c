//! What the acceptance tests stand on: real Terraform, the real provider binary and a sandbox for
//! each test.
//!
//! A test owns a [`TestContext`]: a folder, a sandbox and a clean environment. It writes HCL, runs
//! Terraform and looks at plans and at the sandbox. [`lifecycle()`] is the proof that every resource
//! gives; what others do behind Terraform's back goes through [`OutOfBand`].

#![expect(clippy::indexing_slicing, reason = "JSON answers null for what is absent")]
#![expect(clippy::missing_panics_doc, reason = "that is how a test fails")]

mod context;
mod lifecycle;
mod out_of_band;
mod plan;
mod poll;
mod terraform;

pub use self::{
    context::TestContext,
    lifecycle::{Case, lifecycle},
    out_of_band::OutOfBand,
    plan::Plan,
    poll::poll,
    terraform::{Printed, Terraform},
};

/// Snapshots a text inline, with ids, times and ports replaced by names.
#[macro_export]
macro_rules! assert_text {
    ($text:expr, @$expected:literal) => {
        $crate::insta::with_settings!({ filters => $crate::FILTERS.to_vec() }, {
            $crate::insta::assert_snapshot!($text, @$expected);
        });
    };
}

#[doc(hidden)]
pub use insta;

/// What differs from run to run, and the name it has in snapshots.
pub const FILTERS: &[(&str, &str)] = &[
    (r"sg-[0-9a-z]{8}", "sg-[id]"),
    (r"vpc-[0-9a-z]{8}", "vpc-[id]"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[uuid]"),
    (r"127\.0\.0\.1:\d+", "[sandbox]"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ?", "[time]"),
    (r"(?i)\b(waited|after) \d+ ?s\b", "$1 [duration]"),
];
