//! The provider as a library, so that tests and tools can look into it. `main` serves it.

pub mod cloud;
pub mod cluster;
pub mod data_sources;
mod diagnostics;
pub mod groups;
pub mod pods;
pub mod provider;
pub mod resources;
pub mod rules;
