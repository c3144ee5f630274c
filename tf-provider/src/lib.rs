//! Terraform's plugin protocol 6 for providers written in Rust.
//!
//! An author declares a struct with `#[derive(Model)]`; its fields, their types and their doc
//! comments are the schema, the codec and the registry documentation at once.

extern crate self as tf_provider; // The derive names this crate by its public name, here too.

pub mod constraints;
pub mod context;
pub mod data_source;
pub mod diagnostics;
pub mod field;
pub mod model;
pub mod path;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod serve;
#[cfg(feature = "testing")]
pub mod testing;
pub mod timeouts;
pub mod validate;
pub mod value;

mod lifecycle;
mod protocol;
#[cfg(test)]
mod sample;

pub use constraints::Constraint;
pub use context::{ConfigureCx, Cx};
pub use data_source::DataSource;
pub use diagnostics::{Diagnostic, Diagnostics, Result, Severity};
pub use field::{Computed, Field, Maybe, Text, WriteOnly};
pub use model::{Model, Partial};
pub use path::Path;
pub use provider::{Offer, Provider, problems, serve};
pub use resource::{DefaultTimeouts, Identity, Import, Json, NoIdentity, Resource, Upgrade};
pub use tf_provider_derive::Model;
pub use timeouts::Timeouts;
pub use value::{DecodeError, Number, Value};
