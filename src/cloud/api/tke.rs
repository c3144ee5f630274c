//! TKE: clusters.

use serde::{Deserialize, Serialize};

use super::{Action, Idempotency, Service, nullable};

/// Lists clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeClusters {
    /// Which; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster_ids: Vec<String>,
    /// All of them must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// Where the page begins: a number here, a string in VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Length of the page, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl Action for DescribeClusters {
    const NAME: &'static str = "DescribeClusters";
    const SERVICE: Service = Service::Tke;
    const IDEMPOTENCY: Idempotency = Idempotency::ReadOnly;
    const PER_SECOND: usize = 20;
    type Response = Clusters;
}

/// A condition on what to list.
// same name: requests and answers have the names of the service's reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    /// What to look at, such as `ClusterName`.
    pub name: String,
    /// One of them must match.
    pub values: Vec<String>,
}

/// Answer of [`DescribeClusters`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Clusters {
    /// How many there are on all pages.
    #[serde(default, deserialize_with = "nullable")]
    pub total_count: usize,
    /// This page.
    #[serde(default, deserialize_with = "nullable")]
    pub clusters: Vec<Cluster>,
}

/// A cluster.
// same name: requests and answers have the names of the service's reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Cluster {
    /// `cls-` and eight letters or digits.
    pub cluster_id: String,
    /// Its name.
    #[serde(default, deserialize_with = "nullable")]
    pub cluster_name: String,
    /// Version of Kubernetes, without a `v`.
    #[serde(default, deserialize_with = "nullable")]
    pub cluster_version: String,
    /// `MANAGED_CLUSTER` or `INDEPENDENT_CLUSTER`.
    #[serde(default, deserialize_with = "nullable")]
    pub cluster_type: String,
    /// `Running` and some twenty others.
    #[serde(default, deserialize_with = "nullable")]
    pub cluster_status: String,
    /// Where it lives.
    #[serde(default, deserialize_with = "nullable")]
    pub cluster_network_settings: ClusterNetworkSettings,
    /// A JSON document in a string; `NetworkType` in it says how Pods get addresses.
    #[serde(default, deserialize_with = "nullable")]
    pub property: String,
}

/// Where a cluster lives in the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClusterNetworkSettings {
    /// The VPC.
    #[serde(deserialize_with = "nullable")]
    pub vpc_id: String,
    /// Whether Pods have IPv6 addresses besides IPv4.
    #[serde(deserialize_with = "nullable")]
    pub is_dual_stack: bool,
}
