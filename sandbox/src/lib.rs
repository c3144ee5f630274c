//! A local Tencent Cloud and Kubernetes cluster for trying and testing the provider.

pub mod cluster;
pub mod faults;
pub mod log;
