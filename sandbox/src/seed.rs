//! The initial state of a sandbox, and what is added to it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{behaviour::Behaviour, cluster::Crd};

/// The region that seeds and the environment of the sandbox name.
pub const REGION: &str = "ap-guangzhou";

pub(crate) const SECRET_ID: &str = "AKIDsandbox";
pub(crate) const SECRET_KEY: &str = "sandbox-secret-key";

/// What to add to a sandbox. Objects replace those of the same id; absent parts change nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// What the cloud does where its reference is silent.
    pub behaviour: Option<Behaviour>,
    /// More keys that may sign calls.
    pub credentials: Vec<Credential>,
    /// Clusters that `DescribeClusters` finds.
    pub clusters: Vec<ClusterSeed>,
    /// Security groups.
    pub groups: Vec<GroupSeed>,
    /// Namespaces of the cluster.
    pub namespaces: Vec<String>,
    /// The form of the `SecurityGroupPolicy` definition, and whether it is there.
    pub crd: Option<Crd>,
}

/// A key that may sign calls.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// The id of the key.
    pub secret_id: String,
    /// The secret that signs.
    pub secret_key: String,
    /// For a temporary key: the token that calls must carry.
    #[serde(default)]
    pub token: Option<String>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

/// A TKE cluster. The default is the one a sandbox starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are named as in the TKE API")]
pub struct ClusterSeed {
    pub id: String,
    pub region: String,
    pub name: String,
    pub version: String,
    pub cluster_type: String,
    pub status: String,
    pub vpc_id: String,
    pub pod_cidr: String,
    pub service_cidr: String,
    pub is_dual_stack: bool,
    pub node_count: u64,
    pub created: String,
    pub tags: BTreeMap<String, String>,
}

impl Default for ClusterSeed {
    fn default() -> Self {
        Self {
            id: "my-cluster".to_owned(),
            region: REGION.to_owned(),
            name: "my-cluster".to_owned(),
            version: "1.30.0".to_owned(),
            cluster_type: "MANAGED_CLUSTER".to_owned(),
            status: "Running".to_owned(),
            vpc_id: "vpc-cluster0".to_owned(),
            pod_cidr: "172.16.0.0/16".to_owned(),
            service_cidr: "172.17.0.0/20".to_owned(),
            is_dual_stack: false,
            node_count: 2,
            created: "2026-01-01T00:00:00Z".to_owned(),
            tags: BTreeMap::new(),
        }
    }
}

/// A security group with its rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupSeed {
    /// The id; generated if absent.
    pub id: Option<String>,
    /// Its region.
    pub region: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Number of its project, as text.
    pub project_id: String,
    /// Whether it is the default group of its project.
    pub is_default: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Inbound rules as `SecurityGroupPolicy` of the API.
    pub ingress: Vec<Value>,
    /// Outbound rules.
    pub egress: Vec<Value>,
    /// Instances bound to it by type, for example `{"EKS": 2}`.
    pub bound: BTreeMap<String, u64>,
}

impl Default for GroupSeed {
    fn default() -> Self {
        Self {
            id: None,
            region: REGION.to_owned(),
            name: String::new(),
            description: String::new(),
            project_id: "0".to_owned(),
            is_default: false,
            tags: BTreeMap::new(),
            ingress: Vec::new(),
            egress: Vec::new(),
            bound: BTreeMap::new(),
        }
    }
}

impl Seed {
    /// What every sandbox starts with: the cluster of the documented tutorial.
    pub(crate) fn initial() -> Self {
        let credential = Credential {
            secret_id: SECRET_ID.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            token: None,
        };
        let cluster = ClusterSeed::default();
        let workers = GroupSeed {
            id: Some("sg-workers0".to_owned()),
            name: format!("tke-worker-security-for-{}", cluster.id),
            description: "Nodes of my-cluster".to_owned(),
            // The advice for nodes of TKE, less the one rule that opens them to the whole VPC:
            // with it Pods on super nodes could resolve names without the tutorial's rules.
            ingress: vec![
                json!({"CidrBlock": cluster.pod_cidr, "Action": "ACCEPT"}),
                json!({"Protocol": "tcp", "Port": "22", "CidrBlock": "10.0.0.0/16", "Action": "ACCEPT"}),
                json!({"Protocol": "tcp", "Port": "30000-32768", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}),
                json!({"Protocol": "udp", "Port": "30000-32768", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}),
                json!({"Protocol": "icmp", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"}),
            ],
            egress: vec![json!({"CidrBlock": "0.0.0.0/0", "Action": "ACCEPT"})],
            bound: BTreeMap::from([("CVM".to_owned(), cluster.node_count)]),
            ..GroupSeed::default()
        };
        Self {
            behaviour: Some(Behaviour::default()),
            credentials: vec![credential],
            clusters: vec![cluster],
            groups: vec![workers],
            namespaces: ["default", "kube-system", "my-namespace"].map(str::to_owned).to_vec(),
            crd: Some(Crd::default()),
        }
    }
}
