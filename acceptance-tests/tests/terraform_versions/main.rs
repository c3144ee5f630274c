//! The kitchen-sink provider under every core: whatever a provider made with `tf-provider` can do, done by
//! programs that know nothing of it.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]
#![expect(clippy::indexing_slicing, reason = "JSON answers null for what is absent")]

mod core;
mod faults;
mod features;
mod table;
