//! To be written.

pub mod cluster;
pub mod pods;
