//! To be written.

pub mod cloud;
pub mod groups;
pub mod rules;
