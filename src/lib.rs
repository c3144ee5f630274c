//! To be written.

pub mod cloud;
pub mod cluster;
pub mod groups;
pub mod pods;
pub mod rules;
