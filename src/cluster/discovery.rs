//! Whether a cluster serves a kind, as opposed to not being a cluster at all.

use serde::{Deserialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

use super::{Cluster, api::Resource, call::Call, error::Error};

impl Cluster {
    /// Whether the cluster serves this kind.
    ///
    /// It looks at the list of groups first. An address where something else answers is then an
    /// error, and never a cluster without the kind: from that one could conclude that objects are
    /// gone.
    pub async fn serves<R: Resource>(&self, cancel: &CancellationToken) -> Result<bool, Error> {
        let version = R::api_version();
        let ApiGroups::APIGroupList { groups } = self.discover("/apis", cancel).await?;
        let mut versions = groups.iter().flat_map(|group| &group.versions);
        if !versions.any(|served| served.group_version == version) {
            return Ok(false);
        }
        let Resources::APIResourceList { resources } =
            self.discover(&format!("/apis/{version}"), cancel).await?;
        Ok(resources.iter().any(|served| served.name == R::PLURAL && served.kind == R::NAME))
    }

    async fn discover<T: DeserializeOwned>(
        &self,
        path: &str,
        cancel: &CancellationToken,
    ) -> Result<T, Error> {
        let request = http::Request::get(path)
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new());
        let call = Call::new("get", path.to_owned(), None, request)?;
        Ok(self.session().await?.call(&call, cancel).await?.body)
    }
}

/// The answer of `/apis`. The tag makes sure that it is nothing else.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum ApiGroups {
    APIGroupList { groups: Vec<ApiGroup> },
}

#[derive(Deserialize)]
struct ApiGroup {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    group_version: String,
}

/// The answer of `/apis/<group>/<version>`.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Resources {
    APIResourceList { resources: Vec<ApiResource> },
}

#[derive(Deserialize)]
struct ApiResource {
    name: String,
    kind: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::{
        api::SecurityGroupPolicy,
        script::{Turn, cluster, groups, status, unserved},
    };

    const VERSION: &str = "vpcresources.tke.cloud.tencent.com/v1beta1";

    fn resources(name: &str, kind: &str) -> Turn {
        let resource = json!({
            "name": name, "kind": kind, "singularName": "", "namespaced": true, "verbs": ["get"],
        });
        Turn::Json(
            200,
            json!({
                "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": VERSION,
                "resources": [resource],
            }),
        )
    }

    #[tokio::test]
    async fn kind_is_served_in_its_group_and_version() {
        let cases = [
            (vec![groups(&["apps/v1"])], false),
            (vec![groups(&["vpcresources.tke.cloud.tencent.com/v1"])], false),
            (vec![groups(&[VERSION]), resources("others", "Other")], false),
            (
                vec![
                    groups(&["apps/v1", VERSION]),
                    resources("securitygrouppolicies", "SecurityGroupPolicy"),
                ],
                true,
            ),
        ];
        for (turns, expected) in cases {
            let shown = format!("{turns:?}");
            let (cluster, _script) = cluster(turns);
            let served = cluster.serves::<SecurityGroupPolicy>(&CancellationToken::new()).await;
            assert_eq!(served.unwrap(), expected, "{shown}");
        }
    }

    #[tokio::test]
    async fn answer_of_another_server_is_an_error() {
        let cases = [
            Turn::Text(200, "<html>welcome</html>"),
            Turn::Json(200, json!({"kind": "Welcome", "apiVersion": "v1", "groups": []})),
            Turn::Json(200, json!({})),
            unserved(),
            status(403, "Forbidden", "no discovery", json!({})),
        ];
        for turn in cases {
            let shown = format!("{turn:?}");
            let (cluster, _script) = cluster([turn]);
            let served = cluster.serves::<SecurityGroupPolicy>(&CancellationToken::new()).await;
            assert!(served.is_err(), "{shown}");
        }
    }
}
