//! TKE, version 2018-05-25: clusters to look up.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Cx, envelope::Refusal, page};
use crate::{behaviour::Unknown, seed::ClusterSeed};

/// The clusters of the account by region and id.
#[derive(Debug, Default)]
pub(super) struct Tke {
    clusters: BTreeMap<(String, String), ClusterSeed>,
}

/// Runs one action.
pub(super) fn act(tke: &Tke, action: &str, cx: Cx<'_>) -> Answer {
    match action {
        "DescribeClusters" => describe_clusters(tke, cx),
        _ => Err(super::invalid_action(action)),
    }
}

impl Tke {
    /// Puts a cluster in place, replacing one of the same id.
    pub(super) fn seed(&mut self, cluster: ClusterSeed, cx: Cx<'_>) {
        self.clusters.insert((cx.region.to_owned(), cluster.id.clone()), cluster);
    }

    /// Every cluster by region and id.
    pub(super) fn dump(&self) -> Value {
        let mut regions: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for ((region, id), cluster) in &self.clusters {
            regions.entry(region).or_default().insert(id, json!(cluster));
        }
        json!(regions)
    }
}

fn describe_clusters(tke: &Tke, cx: Cx<'_>) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Params {
        #[serde(default)]
        cluster_ids: Vec<String>,
        offset: Option<usize>,
        limit: Option<usize>,
        #[serde(default)]
        filters: Vec<Filter>,
        cluster_type: Option<String>,
    }

    let params: Params = cx.read()?;
    let limit = params.limit.unwrap_or(20);
    if limit > 100 {
        let message = "`Limit` is more than 100.";
        return Err(Refusal::new("InvalidParameter.Param", message));
    }
    let key = |id: &String| (cx.region.to_owned(), id.clone());
    let unknown = params.cluster_ids.iter().find(|id| !tke.clusters.contains_key(&key(id)));
    if let (Some(id), Unknown::Refuse) = (unknown, cx.behaviour.unknown_cluster) {
        let message = format!("The cluster `{id}` does not exist.");
        return Err(Refusal::new("ResourceNotFound", message));
    }
    let mut found = Vec::new();
    for ((region, id), cluster) in &tke.clusters {
        let mut matches = region == cx.region
            && (params.cluster_ids.is_empty() || params.cluster_ids.contains(id))
            && params.cluster_type.as_ref().is_none_or(|kind| *kind == cluster.cluster_type);
        for filter in &params.filters {
            matches &= filter.matches(cluster)?;
        }
        if matches {
            found.push(answer(cluster));
        }
    }
    let page = page(&found, params.offset.unwrap_or(0), limit);
    Ok(json!({"TotalCount": found.len(), "Clusters": page}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    name: String,
    values: Vec<String>,
}

impl Filter {
    fn matches(&self, cluster: &ClusterSeed) -> Result<bool, Refusal> {
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|value| test(value));
        let equal = |text: &str| any(&|value: &str| value == text);
        Ok(match self.name.as_str() {
            "ClusterName" => equal(&cluster.name),
            "ClusterType" => equal(&cluster.cluster_type),
            "ClusterStatus" => equal(&cluster.status),
            "vpc-id" => equal(&cluster.vpc_id),
            "tag-key" => any(&|value: &str| cluster.tags.contains_key(value)),
            "tag-value" => any(&|value: &str| cluster.tags.values().any(|tag| tag == value)),
            // "key:value"
            "Tags" => any(&|value: &str| {
                value.split_once(':').is_some_and(|(key, value)| {
                    cluster.tags.get(key).is_some_and(|tag| tag == value)
                })
            }),
            other => {
                let message = format!("The filter `{other}` does not exist.");
                return Err(Refusal::new("InvalidParameter.Param", message));
            }
        })
    }
}

fn answer(cluster: &ClusterSeed) -> Value {
    let tags: Vec<_> =
        cluster.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    // An untagged cluster has null here, not an empty list.
    let tag_specification = match tags.as_slice() {
        [] => Value::Null,
        tags => json!([{"ResourceType": "cluster", "Tags": tags}]),
    };
    json!({
        "ClusterId": cluster.id,
        "ClusterName": cluster.name,
        "ClusterDescription": "",
        "ClusterVersion": cluster.version,
        "ClusterOs": "tlinux3.1x86_64",
        "ClusterType": cluster.cluster_type,
        "ClusterNetworkSettings": {
            "ClusterCIDR": cluster.pod_cidr,
            "IgnoreClusterCIDRConflict": false,
            "MaxNodePodNum": 64,
            "MaxClusterServiceNum": 1024,
            "Ipvs": true,
            "VpcId": cluster.vpc_id,
            "Cni": true,
            "KubeProxyMode": "",
            "ServiceCIDR": cluster.service_cidr,
            "Subnets": null,
            "IgnoreServiceCIDRConflict": false,
            "IsDualStack": cluster.is_dual_stack,
            "Ipv6ServiceCIDR": "",
            "CiliumMode": "",
            "SubnetId": "",
            "DataPlaneV2": false,
        },
        "ClusterNodeNum": cluster.node_count,
        // A number here, a string in VPC.
        "ProjectId": 0,
        "TagSpecification": tag_specification,
        "ClusterStatus": cluster.status,
        "Property": r#"{"NetworkType":"GR"}"#,
        "ClusterMaterNodeNum": 0,
        "ImageId": "",
        "OsCustomizeType": "GENERAL",
        "ContainerRuntime": "containerd",
        "CreatedTime": cluster.created,
        "DeletionProtection": false,
        "EnableExternalNode": false,
        "ClusterLevel": "L5",
        "AutoUpgradeClusterLevel": true,
        "QGPUShareEnable": false,
        "RuntimeVersion": "1.6.9",
        "ClusterEtcdNodeNum": 0,
        "CdcId": "",
        "IsHighAvailability": false,
        "ClusterCategory": "tke",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{behaviour::Behaviour, cloud::tests::Tested};

    #[track_caller]
    fn check(behaviour: Behaviour, params: Value, expected: &[&str]) {
        let mut account = Tested::new(behaviour);
        account.seed(json!({"clusters": [
            {"id": "cls-other000", "name": "other", "vpc_id": "vpc-other000", "tags": {"a": "b"}},
        ]}));
        let answer = account.ok("tke", "DescribeClusters", params);
        let clusters = answer["Clusters"].as_array().unwrap();
        let ids: Vec<_> = clusters.iter().map(|cluster| cluster["ClusterId"].clone()).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn ok_what_the_tutorial_asks() {
        let mut account = Tested::new(Behaviour::default());
        let params = json!({"ClusterIds": ["my-cluster"]});
        let answer = account.ok("tke", "DescribeClusters", params);
        let cluster = &answer["Clusters"][0];
        assert_eq!(cluster["ClusterNetworkSettings"]["VpcId"], "vpc-cluster0");
        assert_eq!(cluster["ClusterVersion"], "1.30.0");
        assert_eq!(cluster["TagSpecification"], Value::Null);
    }

    #[test]
    fn ok_filters_and_pages() {
        let filter =
            |name: &str, value: &str| json!({"Filters": [{"Name": name, "Values": [value]}]});
        let usual = Behaviour::default;
        check(usual(), json!({}), &["cls-other000", "my-cluster"]);
        check(usual(), json!({"Offset": 1, "Limit": 1}), &["my-cluster"]);
        check(usual(), filter("ClusterName", "other"), &["cls-other000"]);
        check(usual(), filter("vpc-id", "vpc-cluster0"), &["my-cluster"]);
        check(usual(), filter("tag-key", "a"), &["cls-other000"]);
        check(usual(), filter("Tags", "a:b"), &["cls-other000"]);
        check(usual(), json!({"ClusterType": "INDEPENDENT_CLUSTER"}), &[]);
        check(usual(), json!({"ClusterIds": ["cls-00000000"]}), &[]);
    }

    #[test]
    fn err_describe() {
        let behaviour = Behaviour { unknown_cluster: Unknown::Refuse, ..Behaviour::default() };
        let mut account = Tested::new(behaviour);
        let mut check = |params, code: &str| account.err("tke", "DescribeClusters", params, code);
        check(json!({"ClusterIds": ["cls-00000000"]}), "ResourceNotFound");
        // A number here, a string in VPC.
        check(json!({"Limit": "20"}), "InvalidParameter");
        check(json!({"Limit": 101}), "InvalidParameter.Param");
        check(json!({"Filters": [{"Name": "x", "Values": []}]}), "InvalidParameter.Param");
    }
}
