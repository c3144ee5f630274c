//! The verbs: find, server-side apply, remove fields and delete, for one object.

use kube::api::{DeleteParams, GetParams, Patch, PatchParams, Preconditions, ValidationDirective};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    Cluster,
    api::Resource,
    call::{Answer, Call},
    error::Error,
    object::{FieldPath, Manifest, Object, ObjectRef},
};

/// Under which name fields are written, and whether they are taken from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldManager {
    /// Name in the object's list of field managers.
    pub name: String,
    /// Whether to take over fields that other managers own.
    pub force_conflicts: bool,
}

impl Default for FieldManager {
    fn default() -> Self {
        Self { name: "terraform-provider-tke".to_owned(), force_conflicts: false }
    }
}

/// What an apply led to.
#[derive(Debug)]
pub struct Applied<Spec> {
    /// The object after it.
    pub object: Object<Spec>,
    /// Whether the object came into being by the request that was answered.
    pub created: bool,
    /// An earlier attempt of the same apply may have been carried out: its answer was lost.
    pub repeated: bool,
}

/// What a delete led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The object is gone.
    Done,
    /// The object waits for its finalizers.
    Begun,
}

impl Cluster {
    /// The object, or `None` where there is none.
    pub async fn find<R: Resource>(
        &self,
        at: &ObjectRef,
        cancel: &CancellationToken,
    ) -> Result<Option<Object<R::Spec>>, Error> {
        let request = path::<R>(at).get(&at.name, &GetParams::default());
        match self.ask::<R, _>("get", at, request, cancel).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(Error::NotFound { .. } | Error::NamespaceMissing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Server-side apply: from now on the manager owns just the fields that the manifest has.
    pub async fn apply<R: Resource>(
        &self,
        manifest: &Manifest<R::Spec>,
        manager: &FieldManager,
        cancel: &CancellationToken,
    ) -> Result<Applied<R::Spec>, Error> {
        let at = &manifest.metadata.at;
        let typed = Typed { api_version: R::api_version(), kind: R::NAME, manifest };
        let params = PatchParams {
            field_manager: Some(manager.name.clone()),
            force: manager.force_conflicts,
            field_validation: Some(ValidationDirective::Strict),
            dry_run: false,
        };
        let request = path::<R>(at).patch(&at.name, &params, &Patch::Apply(typed));
        let Answer { body: object, status, repeated } =
            self.ask::<R, _>("patch", at, request, cancel).await?;
        Ok(Applied { object, created: status == 201, repeated })
    }

    /// Removes fields, whoever owns them, unless somebody has written since `resource_version`.
    ///
    /// It is a merge in which a field that is `null` goes. What owns no field needs no manager.
    pub async fn remove<R: Resource>(
        &self,
        at: &ObjectRef,
        fields: &[FieldPath],
        resource_version: &str,
        cancel: &CancellationToken,
    ) -> Result<Object<R::Spec>, Error> {
        let mut patch = Map::new();
        for field in fields {
            set_null(&mut patch, &field.0);
        }
        patch.insert("metadata".to_owned(), json!({"resourceVersion": resource_version}));
        let request = path::<R>(at).patch(&at.name, &PatchParams::default(), &Patch::Merge(patch));
        Ok(self.ask::<R, _>("patch", at, request, cancel).await?.body)
    }

    /// Deletes the object if it still has this uid. What is gone already counts as done.
    pub async fn delete<R: Resource>(
        &self,
        at: &ObjectRef,
        uid: &str,
        cancel: &CancellationToken,
    ) -> Result<Deletion, Error> {
        let params = DeleteParams {
            preconditions: Some(Preconditions { uid: Some(uid.to_owned()), ..Default::default() }),
            ..DeleteParams::background()
        };
        let request = path::<R>(at).delete(&at.name, &params);
        match self.ask::<R, Outcome>("delete", at, request, cancel).await {
            // The answer is a status when it is over, and the object while it is not.
            Ok(answer) if answer.body.kind == "Status" => Ok(Deletion::Done),
            Ok(_) => Ok(Deletion::Begun),
            Err(
                Error::NotFound { .. } | Error::NamespaceMissing { .. } | Error::TypeMissing { .. },
            ) => Ok(Deletion::Done),
            Err(error) => Err(error),
        }
    }

    async fn ask<R: Resource, T: DeserializeOwned>(
        &self,
        verb: &'static str,
        at: &ObjectRef,
        request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
        cancel: &CancellationToken,
    ) -> Result<Answer<T>, Error> {
        let resource = format!("{}.{}", R::PLURAL, R::GROUP);
        let call = Call::new(verb, resource, Some(&at.namespace), request)?;
        match self.session().await?.call(&call, cancel).await {
            // A path that is not served: either the kind is missing, or this is no cluster.
            Err(Error::Unexpected { status: 404, .. }) if !self.serves::<R>(cancel).await? => {
                Err(Error::TypeMissing { kind: R::NAME, version: R::api_version() })
            }
            answer => answer,
        }
    }
}

/// A manifest with the name of its kind.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Typed<'a, Spec> {
    api_version: String,
    kind: &'static str,
    #[serde(flatten)]
    manifest: &'a Manifest<Spec>,
}

/// The answer to a delete.
#[derive(Deserialize)]
struct Outcome {
    kind: String,
}

fn set_null(node: &mut Map<String, Value>, path: &[String]) {
    match path {
        [] => {}
        [name] => {
            node.insert(name.clone(), Value::Null);
        }
        [name, below @ ..] => {
            let child = node.entry(name.clone()).or_insert_with(|| json!({}));
            // A node that is null already goes with everything below it.
            if let Some(child) = child.as_object_mut() {
                set_null(child, below);
            }
        }
    }
}

fn path<R: Resource>(at: &ObjectRef) -> kube::core::Request {
    let (version, plural) = (R::api_version(), R::PLURAL);
    kube::core::Request::new(format!("/apis/{version}/namespaces/{}/{plural}", at.namespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{
        api::{SecurityGroupPolicy, SecurityGroupPolicySpec, SecurityGroups},
        object::ManifestMetadata,
        script::{Turn, absent, cluster, groups, status, unserved},
    };

    const PATH: &str = "/apis/vpcresources.tke.cloud.tencent.com/v1beta1/namespaces/shop/securitygrouppolicies/app";

    fn at() -> ObjectRef {
        ObjectRef { namespace: "shop".into(), name: "app".into() }
    }

    fn live() -> Value {
        json!({
            "apiVersion": "vpcresources.tke.cloud.tencent.com/v1beta1",
            "kind": "SecurityGroupPolicy",
            "metadata": {"name": "app", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"},
            "spec": {"securityGroups": {"groupIds": ["sg-1"]}},
        })
    }

    fn token() -> CancellationToken {
        CancellationToken::new()
    }

    #[tokio::test]
    async fn apply_sends_exactly_the_owned_fields() {
        let (cluster, script) = cluster([Turn::Json(201, live()), Turn::Json(200, live())]);
        let manifest = Manifest {
            metadata: ManifestMetadata {
                at: at(),
                uid: None,
                labels: [("team".to_owned(), "net".to_owned())].into(),
                annotations: [].into(),
            },
            spec: Some(SecurityGroupPolicySpec {
                security_groups: SecurityGroups {
                    group_ids: vec!["sg-1".into()],
                    ..Default::default()
                },
                ..Default::default()
            }),
        };
        let manager = FieldManager::default();
        let applied = cluster.apply::<SecurityGroupPolicy>(&manifest, &manager, &token()).await;
        assert!(applied.unwrap().created);
        let manager = FieldManager { name: "my team".into(), force_conflicts: true };
        let applied = cluster.apply::<SecurityGroupPolicy>(&manifest, &manager, &token()).await;
        assert!(!applied.unwrap().created);

        assert_eq!(
            script.asked(),
            [
                format!("PATCH {PATH}?&fieldManager=terraform-provider-tke&fieldValidation=Strict"),
                format!("PATCH {PATH}?&force=true&fieldManager=my+team&fieldValidation=Strict"),
            ]
        );
        let expected = json!({
            "apiVersion": "vpcresources.tke.cloud.tencent.com/v1beta1",
            "kind": "SecurityGroupPolicy",
            "metadata": {"name": "app", "namespace": "shop", "labels": {"team": "net"}},
            "spec": {"securityGroups": {"groupIds": ["sg-1"]}},
        });
        assert_eq!(script.bodies(), [expected.clone(), expected]);
    }

    #[tokio::test]
    async fn remove_nulls_fields_of_one_version() {
        let (cluster, script) = cluster([Turn::Json(200, live())]);
        let fields = [
            FieldPath::new(["spec", "podSelector", "matchLabels", "team"]),
            FieldPath::new(["spec", "serviceAccountSelector"]),
            FieldPath::new(["spec", "serviceAccountSelector", "matchLabels"]),
        ];
        let removed = cluster.remove::<SecurityGroupPolicy>(&at(), &fields, "6", &token()).await;
        assert_eq!(removed.unwrap().metadata.resource_version, "7");
        assert_eq!(
            script.bodies(),
            [json!({
                "metadata": {"resourceVersion": "6"},
                "spec": {
                    "podSelector": {"matchLabels": {"team": null}},
                    "serviceAccountSelector": null,
                },
            })]
        );
    }

    #[tokio::test]
    async fn delete_is_for_one_object() {
        let deleted = json!({"kind": "Status", "apiVersion": "v1", "status": "Success"});
        let other = json!({"groups": ["apps/v1"]});
        let cases = [
            (vec![Turn::Json(200, deleted)], Ok(Deletion::Done)),
            (vec![Turn::Json(200, live())], Ok(Deletion::Begun)),
            (vec![absent()], Ok(Deletion::Done)),
            // Without the kind there are no objects of it. An unknown server says nothing.
            (vec![unserved(), groups(&["apps/v1"])], Ok(Deletion::Done)),
            (vec![unserved(), Turn::Json(200, other)], Err(())),
            (vec![unserved(), unserved()], Err(())),
            (vec![status(409, "Conflict", "the UID in the precondition", json!({}))], Err(())),
        ];
        for (turns, expected) in cases {
            let shown = format!("{turns:?}");
            let (cluster, script) = cluster(turns);
            let done = cluster.delete::<SecurityGroupPolicy>(&at(), "u-1", &token()).await;
            assert_eq!(done.map_err(drop), expected, "{shown}");
            assert_eq!(
                script.bodies()[0],
                json!({"propagationPolicy": "Background", "preconditions": {"uid": "u-1"}})
            );
        }
    }

    #[tokio::test]
    async fn absent_object_and_missing_kind_are_distinguished() {
        let serves = || {
            let list = json!({"kind": "APIResourceList", "resources": [
                {"name": "securitygrouppolicies", "kind": "SecurityGroupPolicy"},
            ]});
            [groups(&["vpcresources.tke.cloud.tencent.com/v1beta1"]), Turn::Json(200, list)]
        };
        let found = |turns: Vec<Turn>| async {
            let (cluster, _script) = cluster(turns);
            let found = cluster.find::<SecurityGroupPolicy>(&at(), &token()).await;
            found.map(|object| object.map(|object| object.metadata.uid))
        };
        assert_eq!(found(vec![Turn::Json(200, live())]).await.unwrap(), Some("u-1".to_owned()));
        assert_eq!(found(vec![absent()]).await.unwrap(), None);
        assert!(matches!(
            found(vec![unserved(), groups(&[])]).await,
            Err(Error::TypeMissing { .. })
        ));
        let [list, resources] = serves();
        assert!(matches!(
            found(vec![unserved(), list, resources]).await,
            Err(Error::Unexpected { status: 404, .. })
        ));
        assert!(matches!(
            found(vec![Turn::Json(200, json!({"kind": "Other"}))]).await,
            Err(Error::Unexpected { status: 200, .. })
        ));
    }
}
