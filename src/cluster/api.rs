//! The kinds of objects that this provider writes, as the API defines them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A namespaced kind of object, under the names that the API uses for it.
pub trait Resource {
    /// API group, `apps`.
    const GROUP: &'static str;
    /// Version within the group, `v1`.
    const VERSION: &'static str;
    /// Name in manifests, `Deployment`.
    const NAME: &'static str;
    /// Name in paths and permissions, `deployments`.
    const PLURAL: &'static str;
    /// What an object of this kind asks for.
    type Spec: Serialize + DeserializeOwned + Default + Send + Sync;

    /// Group and version as manifests write them, `apps/v1`.
    fn api_version() -> String {
        format!("{}/{}", Self::GROUP, Self::VERSION)
    }
}

/// Gives security groups to the Pods that it selects. Comes with an add-on.
#[derive(Debug)]
pub enum SecurityGroupPolicy {}

impl Resource for SecurityGroupPolicy {
    const GROUP: &'static str = "vpcresources.tke.cloud.tencent.com";
    const VERSION: &'static str = "v1beta1";
    const NAME: &'static str = "SecurityGroupPolicy";
    const PLURAL: &'static str = "securitygrouppolicies";
    type Spec = SecurityGroupPolicySpec;
}

/// What a [`SecurityGroupPolicy`] asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityGroupPolicySpec {
    /// By the labels of Pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelSelector>,
    /// By the labels of their service accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_selector: Option<LabelSelector>,
    /// What they get.
    pub security_groups: SecurityGroups,
    /// Fields of later versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The groups of a [`SecurityGroupPolicy`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityGroups {
    /// Their ids, in the order of evaluation.
    pub group_ids: Vec<String>,
    /// Fields of later versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A selection by labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels with their values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Further conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
    /// Fields of later versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A condition on one label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabelSelectorRequirement {
    /// Key of the label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// What it is compared with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}
