//! TKE, version 2018-05-25: clusters to look up.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ActionResult, Cx,
    envelope::ApiError,
    list::{self, Filter, Page},
};
use crate::{behaviour::Unknown, seed::ClusterSeed};

/// The clusters of the account by region and id.
#[derive(Debug, Default)]
pub(super) struct Tke {
    clusters: BTreeMap<(String, String), ClusterSeed>,
}

/// Runs one action.
pub(super) fn dispatch(tke: &Tke, action: &str, cx: Cx<'_>) -> ActionResult {
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

fn describe_clusters(tke: &Tke, cx: Cx<'_>) -> ActionResult {
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
        return Err(ApiError::new("InvalidParameter.Param", message));
    }
    let key = |id: &String| (cx.region.to_owned(), id.clone());
    let unknown = params.cluster_ids.iter().find(|id| !tke.clusters.contains_key(&key(id)));
    if let (Some(id), Unknown::Refuse) = (unknown, cx.behaviour.unknown_cluster) {
        let message = format!("The cluster `{id}` does not exist.");
        return Err(ApiError::new("ResourceNotFound", message));
    }
    let asked = tke.clusters.iter().filter(|((region, id), cluster)| {
        region == cx.region
            && (params.cluster_ids.is_empty() || params.cluster_ids.contains(id))
            && params.cluster_type.as_ref().is_none_or(|it| *it == cluster.cluster_type)
    });
    let asked = asked.map(|(_, cluster)| cluster);
    let found = list::select(asked, &params.filters, |filter, cluster| passes(filter, cluster))?;
    let endless = cx.behaviour.endless_pages && params.cluster_ids.is_empty();
    let Page { items, total } = list::page(&found, params.offset.unwrap_or(0), limit, endless);
    let clusters: Vec<_> = items.iter().map(|cluster| answer(cluster)).collect();
    Ok(json!({"TotalCount": total, "Clusters": clusters}))
}

fn passes(filter: &Filter, cluster: &ClusterSeed) -> Result<bool, ApiError> {
    Ok(match filter.name.as_str() {
        "ClusterName" => filter.has(&cluster.name),
        "ClusterType" => filter.has(&cluster.cluster_type),
        "ClusterStatus" => filter.has(&cluster.status),
        "vpc-id" => filter.has(&cluster.vpc_id),
        "tag-key" => filter.any(|key| cluster.tags.contains_key(key)),
        "tag-value" => cluster.tags.values().any(|value| filter.has(value)),
        "Tags" => cluster.tags.iter().any(|(key, value)| filter.has(&format!("{key}:{value}"))),
        _ => return Err(filter.unknown("InvalidParameter.Param")),
    })
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
    use crate::{behaviour::Behaviour, cloud::tests::TestAccount};

    #[track_caller]
    fn check(behaviour: Behaviour, params: Value, expected: &[&str]) {
        let mut account = TestAccount::new(behaviour);
        account.seed(json!({"clusters": [
            {"id": "cls-other000", "name": "other", "vpc_id": "vpc-other000", "tags": {"a": "b"}},
        ]}));
        let answer = account.ok("tke", "DescribeClusters", params);
        let clusters = answer["Clusters"].as_array().unwrap();
        let ids: Vec<_> = clusters.iter().map(|cluster| cluster["ClusterId"].clone()).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn tutorial_cluster_is_described() {
        let mut account = TestAccount::new(Behaviour::default());
        let params = json!({"ClusterIds": ["my-cluster"]});
        let answer = account.ok("tke", "DescribeClusters", params);
        let cluster = &answer["Clusters"][0];
        assert_eq!(cluster["ClusterNetworkSettings"]["VpcId"], "vpc-cluster0");
        assert_eq!(cluster["ClusterVersion"], "1.30.0");
        assert_eq!(cluster["TagSpecification"], Value::Null);
    }

    #[test]
    fn clusters_are_filtered_and_paged() {
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
        let mut account = TestAccount::new(behaviour);
        let mut check = |params, code: &str| account.err("tke", "DescribeClusters", params, code);
        check(json!({"ClusterIds": ["cls-00000000"]}), "ResourceNotFound");
        // A number here, a string in VPC.
        check(json!({"Limit": "20"}), "InvalidParameter");
        check(json!({"Limit": 101}), "InvalidParameter.Param");
        check(json!({"Filters": [{"Name": "x", "Values": []}]}), "InvalidParameter.Param");
    }
}
