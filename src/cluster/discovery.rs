//! Whether a cluster serves a kind, as opposed to not being a cluster at all.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroupList, APIResourceList};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::Cluster;
use super::api::Kind;
use super::call::Call;
use super::error::Error;

impl Cluster {
    /// Whether the cluster serves this kind.
    ///
    /// It looks at the list of groups first. An address where something else answers is then an
    /// error, and never a cluster without the kind: from that one could conclude that objects are
    /// gone.
    pub async fn serves<K: Kind>(&self, stop: &CancellationToken) -> Result<bool, Error> {
        let version = K::api_version();
        let list: APIGroupList = self.discover("/apis", stop).await?;
        let mut versions = list.groups.iter().flat_map(|group| &group.versions);
        if !versions.any(|served| served.group_version == version) {
            return Ok(false);
        }
        let list: APIResourceList = self.discover(&format!("/apis/{version}"), stop).await?;
        Ok(list.resources.iter().any(|served| served.name == K::PLURAL && served.kind == K::NAME))
    }

    async fn discover<T: DeserializeOwned>(
        &self,
        path: &str,
        stop: &CancellationToken,
    ) -> Result<T, Error> {
        let request = http::Request::get(path)
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new());
        let call = Call::new("get", path.to_owned(), None, request)?;
        Ok(self.session().await?.call(&call, stop).await?.body)
    }
}
