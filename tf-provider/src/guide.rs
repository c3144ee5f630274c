//! One page per idea.

#[doc = include_str!("../docs/values.md")]
pub mod values {}

#[doc = include_str!("../docs/lifecycle.md")]
pub mod lifecycle {}

#[doc = include_str!("../docs/diagnostics.md")]
pub mod diagnostics {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}
