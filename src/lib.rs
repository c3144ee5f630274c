//! The provider as a library, so that tests and tools can look into it. `main` serves it.

pub mod client;
pub mod cloud;
pub mod cluster;
pub mod data_sources;
mod diagnostics;
pub mod groups;
mod http_client;
pub mod parse_error;
pub mod pods;
pub mod provider;
pub mod resources;
pub mod rules;
pub mod wait;
