//! Data sources: one file each.

mod cluster;

pub use self::cluster::Cluster;
