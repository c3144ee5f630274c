//! Data sources: one file each.

mod cluster;

pub use cluster::Cluster;
