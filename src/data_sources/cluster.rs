//! `data.tke_cluster`: where a cluster lives, and the security group of its worker nodes.

use tf_provider::{
    Computed, Constraint, Cx, DataSource, Model, Normalized, Result, constraints::exactly_one_of,
};

use crate::{
    client::Client,
    cloud::{
        ErrorKind, Region,
        api::tke::{self, DescribeClusters, Filter},
    },
    diagnostics::{error_diagnostic, no_cluster, several_clusters, several_worker_groups},
};

/// A TKE cluster: where it lives, and which security group its worker nodes are in.
///
/// Credentials of the cluster are not read.
#[derive(Model, Clone, Debug)]
pub struct Cluster {
    /// Identifier of the cluster, such as `cls-12345678`.
    #[tf(optional)]
    id: Computed<String>,
    /// Name of the cluster. It must be the only one of this name.
    #[tf(optional)]
    name: Computed<String>,
    /// Region of the cluster, such as `ap-guangzhou`; the provider's by default.
    #[tf(optional)]
    region: Computed<Normalized<Region>>,
    /// Version of Kubernetes, such as `1.30.0`.
    version: Computed<String>,
    /// VPC that the cluster lives in.
    vpc_id: Computed<String>,
    /// How Pods get their addresses, such as `GR` or `VPC-CNI`; null where the service does not say.
    network_type: Computed<String>,
    /// Whether Pods have IPv6 addresses besides IPv4. Pod security groups do not work there.
    dual_stack: Computed<bool>,
    /// Security group of the worker nodes, where CoreDNS usually runs. It is found by its name,
    /// `tke-worker-security-for-<id>`. Null where no group has this name, or more than one.
    worker_security_group_id: Computed<String>,
}

impl DataSource for Cluster {
    const NAME: &'static str = "cluster";
    type Client = Client;

    fn constraints() -> Vec<Constraint> {
        vec![exactly_one_of(&["id", "name"])]
    }

    async fn read(self, cx: &Cx<Client>) -> Result<Self> {
        let region = cx.client().region(self.region.ok().map(Normalized::value))?;
        let cluster = self.find(&region, cx).await?;
        let worker_security_group_id = worker_group(&region, &cluster, cx).await?;
        let network_type = network_type(&cluster.property);
        let network = cluster.cluster_network_settings;
        Ok(Self {
            id: cluster.cluster_id.into(),
            name: cluster.cluster_name.into(),
            region: Normalized::new(region).into(),
            version: cluster.cluster_version.into(),
            vpc_id: network.vpc_id.into(),
            network_type: network_type.map_or(Computed::null(), Computed::known),
            dual_stack: network.is_dual_stack.into(),
            worker_security_group_id: worker_security_group_id
                .map_or(Computed::null(), Computed::known),
        })
    }
}

impl Cluster {
    /// The one cluster that is meant.
    async fn find(&self, region: &Region, cx: &Cx<Client>) -> Result<tke::Cluster> {
        let (request, what, at) = match (self.id.ok(), self.name.ok()) {
            (Some(id), _) => (by_id(id), format!("cluster {id}"), "id"),
            (None, name) => {
                let name = name.map_or("", String::as_str);
                (by_name(name), format!("cluster named `{name}`"), "name")
            }
        };
        let mut found = match cx.client().cloud.call(region, &request, cx.cancelled()).await {
            Ok(answer) => answer.clusters,
            // Which of an error and an empty list an unknown id gets is not documented.
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error_diagnostic(format!("read {what}"), &error, &[])),
        };
        // The service may match names by a part of them.
        found.retain(|cluster| self.name.ok().is_none_or(|name| cluster.cluster_name == *name));
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                found.push(last);
                let ids: Vec<_> = found.iter().map(|one| one.cluster_id.as_str()).collect();
                Err(several_clusters(&what, &ids).into())
            }
            (None, _) => Err(no_cluster(&what, at, region).into()),
        }
    }
}

fn by_id(id: &str) -> DescribeClusters {
    DescribeClusters { cluster_ids: vec![id.to_owned()], ..DescribeClusters::default() }
}

fn by_name(name: &str) -> DescribeClusters {
    let name = Filter { name: "ClusterName".to_owned(), values: vec![name.to_owned()] };
    DescribeClusters { filters: vec![name], limit: Some(100), ..DescribeClusters::default() }
}

/// No API tells the group's id; its name is made from the cluster's id.
async fn worker_group(
    region: &Region,
    cluster: &tke::Cluster,
    cx: &Cx<Client>,
) -> Result<Option<String>> {
    let id = &cluster.cluster_id;
    let name = format!("tke-worker-security-for-{id}");
    let found = cx.client().groups.named(region, &name, cx.cancelled()).await;
    let failed =
        |why| error_diagnostic(format!("find the security group of cluster {id}"), &why, &[]);
    let mut found = found.map_err(failed)?;
    if found.len() > 1 {
        let ids: Vec<_> = found.iter().map(|group| group.id.as_str()).collect();
        cx.warn(several_worker_groups(id, &name, &ids));
        return Ok(None);
    }
    Ok(found.pop().map(|group| group.id.to_string()))
}

/// What the cluster's properties, a JSON document, say of its network.
fn network_type(property: &str) -> Option<String> {
    let property: serde_json::Value = serde_json::from_str(property).ok()?;
    Some(property.get("NetworkType")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_type_is_read_from_the_properties() {
        for (property, expected) in [
            (r#"{"NetworkType":"VPC-CNI","Other":1}"#, Some("VPC-CNI")),
            (r#"{"NetworkType":7}"#, None),
            ("{}", None),
            ("", None),
            ("[]", None),
        ] {
            assert_eq!(network_type(property).as_deref(), expected, "{property}");
        }
    }
}
