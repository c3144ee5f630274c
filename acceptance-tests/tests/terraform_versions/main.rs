//! The kitchen-sink provider under every supported release of Terraform and OpenTofu: what
//! `tf-provider` promises, tried by programs that know nothing of it.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]
#![expect(clippy::indexing_slicing, reason = "JSON answers null for what is absent")]

mod context;
mod faults;
mod features;
mod releases;
mod table;
