//! Policies on the sandbox's cluster, which knows server-side apply from another reading of its rules.

#![expect(clippy::unwrap_used, reason = "this is how tests fail")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use terraform_provider_tke::{
    cluster::{self, Cluster, Connection, FieldManager, Server, api::LabelSelector},
    pods::{Error, Policies, Policy, PolicyManifest, PolicyRef, PolicySpec, WaitFor},
};
use tke_sandbox::{
    Sandbox,
    faults::{Fault, Injection},
};
use tokio_util::sync::CancellationToken;

const COLLECTION: &str = "/apis/vpcresources.tke.cloud.tencent.com/v1beta1/namespaces/my-namespace/securitygrouppolicies";

struct Test {
    sandbox: Sandbox,
    policies: Policies,
    manager: FieldManager,
    cancel: CancellationToken,
}

impl Test {
    async fn start() -> Self {
        let sandbox = Sandbox::start().await;
        let connection = Connection::Server(Server {
            host: sandbox.url(),
            token: Some(tke_sandbox::cluster::TOKEN.into()),
            certificate_authority: None,
            tls_server_name: None,
            insecure: false,
        });
        Self {
            policies: Policies::new(Cluster::new(Ok(connection))),
            sandbox,
            manager: FieldManager::default(),
            cancel: CancellationToken::new(),
        }
    }

    async fn create(&self, manifest: &PolicyManifest) -> Result<Policy, Error> {
        self.policies.create(manifest, &self.manager, WaitFor::default(), &self.cancel).await
    }

    async fn find(&self) -> Option<Policy> {
        self.policies.find(&at(), &self.cancel).await.unwrap()
    }

    async fn update(&self, of: &Policy, manifest: &PolicyManifest) -> Result<Policy, Error> {
        self.policies.update(&of.uid, manifest, &self.manager, &self.cancel).await
    }

    async fn delete(&self, policy: &Policy) -> Result<(), Error> {
        self.policies.delete(&at(), &policy.uid, &self.cancel).await
    }

    fn fault(&self, on: &str, fault: Fault, times: u32) {
        let on = format!("{on} securitygrouppolicies");
        self.sandbox.faults().add(Injection { times, ..Injection::new(on, fault) });
    }

    /// Somebody else applies this specification.
    async fn apply_as(&self, manager: &str, spec: Value) {
        let object = json!({
            "apiVersion": "vpcresources.tke.cloud.tencent.com/v1beta1",
            "kind": "SecurityGroupPolicy",
            "metadata": {"namespace": "my-namespace", "name": "app"},
            "spec": spec,
        });
        let url =
            format!("{}{COLLECTION}/app?fieldManager={manager}&force=true", self.sandbox.url());
        let answer = reqwest::Client::new()
            .patch(url)
            .bearer_auth(tke_sandbox::cluster::TOKEN)
            .header("content-type", "application/apply-patch+yaml")
            .body(object.to_string())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

fn at() -> PolicyRef {
    PolicyRef::new("my-namespace", "app").unwrap()
}

fn labels(keys: &[&str]) -> LabelSelector {
    let match_labels = keys.iter().map(|&key| (key.to_owned(), "x".to_owned())).collect();
    LabelSelector { match_labels, ..LabelSelector::default() }
}

fn manifest(groups: &[&str]) -> PolicyManifest {
    PolicyManifest {
        at: at(),
        spec: PolicySpec {
            pod_selector: Some(labels(&["app"])),
            service_account_selector: None,
            security_group_ids: groups.iter().map(|&id| id.to_owned()).collect(),
        },
        labels: [("team".to_owned(), "net".to_owned())].into(),
        annotations: BTreeMap::new(),
    }
}

#[tokio::test]
async fn policy_is_created_found_updated_and_deleted() {
    let test = Test::start().await;
    let before = test.sandbox.state();
    assert_eq!(test.find().await, None);

    let first = manifest(&["sg-b", "sg-a"]);
    let made = test.create(&first).await.unwrap();
    assert_eq!((&made.spec, made.generation), (&first.spec, 1));
    assert_eq!(made.labels, first.labels);
    assert!(made.other_owners(&test.manager.name).is_empty());
    assert_eq!(test.find().await.unwrap(), made);

    let mut second = manifest(&["sg-a"]);
    second.spec.pod_selector = None;
    second.spec.service_account_selector = Some(labels(&["role"]));
    second.labels = [("stage".to_owned(), "test".to_owned())].into();
    let changed = test.update(&made, &second).await.unwrap();
    assert_eq!((&changed.spec, changed.generation), (&second.spec, 2));
    assert_eq!((&changed.uid, &changed.labels), (&made.uid, &second.labels));

    test.delete(&changed).await.unwrap();
    test.delete(&changed).await.unwrap();
    assert_eq!(test.sandbox.state(), before);
    assert!(matches!(test.update(&changed, &second).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn field_manager_can_be_renamed() {
    let mut test = Test::start().await;
    let first = manifest(&["sg-a"]);
    let made = test.create(&first).await.unwrap();
    let old = test.manager.clone();
    test.manager.name = "platform-team".to_owned();

    // The new name would meet the old one as somebody else.
    let mut second = manifest(&["sg-b"]);
    second.labels = BTreeMap::new();
    assert!(matches!(test.update(&made, &second).await, Err(Error::Conflict { .. })));

    let names = [&old, &test.manager];
    for _ in 0..2 {
        // An interrupted apply does it again.
        test.policies.transfer_ownership(&made.uid, &first, names, &test.cancel).await.unwrap();
    }
    let found = test.find().await.unwrap();
    assert_eq!((&found.spec, &found.labels), (&first.spec, &first.labels));
    assert!(found.other_owners("platform-team").is_empty());
    assert!(found.is_written_by("platform-team") && !found.is_written_by(&old.name));
    assert_eq!(found.labels_of("platform-team", None), Some(first.labels));

    let changed = test.update(&found, &second).await.unwrap();
    assert_eq!((&changed.spec, &changed.labels), (&second.spec, &second.labels));
}

#[tokio::test]
async fn fields_of_other_managers_are_a_conflict() {
    let mut test = Test::start().await;
    let wanted = manifest(&["sg-a"]);
    let theirs = json!({"podSelector": {"matchLabels": {"app": "x"}},
        "securityGroups": {"groupIds": ["sg-b"]}});
    test.apply_as("argocd", theirs).await;
    assert!(matches!(test.create(&wanted).await, Err(Error::Exists { .. })));

    let found = test.find().await.unwrap();
    let error = test.update(&found, &wanted).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "\
         `argocd` (Apply) owns .spec.securityGroups.groupIds"
    );
    assert_eq!(test.find().await.unwrap(), found, "nothing was written");
    test.manager.force_conflicts = true;
    assert_eq!(test.update(&found, &wanted).await.unwrap().spec, wanted.spec);
}

#[tokio::test]
async fn labels_of_others_are_removed_only_with_force() {
    for atomic in [false, true] {
        let mut test = Test::start().await;
        let crd = test.sandbox.cluster().crd();
        test.sandbox
            .cluster()
            .set_crd(tke_sandbox::cluster::Crd { atomic_selectors: atomic, ..crd });
        let wanted = manifest(&["sg-a"]);
        let made = test.create(&wanted).await.unwrap();
        let theirs = json!({"podSelector": {"matchLabels": {"app": "x", "canary": "x"}},
            "serviceAccountSelector": {"matchLabels": {"role": "x"}}});
        test.apply_as("argocd", theirs).await;
        let found = test.find().await.unwrap();
        assert_eq!(found.spec.pod_selector, Some(labels(&["app", "canary"])));

        let error = test.update(&made, &wanted).await.unwrap_err();
        let Error::Conflict { owners, .. } = error else { panic!("{error}") };
        assert_eq!(
            owners.iter().map(|owner| owner.manager.as_str()).collect::<Vec<_>>(),
            ["argocd"],
            "atomic: {atomic}"
        );
        assert_eq!(test.find().await.unwrap(), found, "nothing was written");

        test.manager.force_conflicts = true;
        let forced = test.update(&made, &wanted).await.unwrap();
        assert_eq!(forced.spec, wanted.spec, "atomic: {atomic}");
        test.manager.force_conflicts = false;
        assert_eq!(test.update(&made, &wanted).await.unwrap().spec, wanted.spec);
    }
}

#[tokio::test]
async fn recreated_policy_is_neither_updated_nor_deleted() {
    let test = Test::start().await;
    let made = test.create(&manifest(&["sg-a"])).await.unwrap();
    test.delete(&made).await.unwrap();
    let theirs = json!({"podSelector": {}, "securityGroups": {"groupIds": ["sg-b"]}});
    test.apply_as("argocd", theirs).await;
    let successor = test.find().await.unwrap();
    assert!(matches!(test.delete(&made).await, Err(Error::Replaced { .. })));
    let update = test.update(&made, &manifest(&["sg-a"])).await;
    assert!(matches!(update, Err(Error::Replaced { .. })));
    assert_eq!(test.find().await, Some(successor));
}

#[tokio::test]
async fn calls_survive_passing_faults() {
    let test = Test::start().await;
    let wanted = manifest(&["sg-a"]);
    for fault in [Fault::Throttle, Fault::ServerError, Fault::LostResponse] {
        test.fault("PATCH", fault.clone(), 1);
        let made = test.create(&wanted).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(made.spec, wanted.spec);
        test.fault("PATCH", fault.clone(), 1);
        let changed = test.update(&made, &manifest(&["sg-b"])).await.unwrap();
        assert_eq!(changed.spec.security_group_ids, ["sg-b"]);
        test.fault("DELETE", fault.clone(), 1);
        test.delete(&changed).await.unwrap();
        assert_eq!(test.find().await, None);
    }
}

#[tokio::test]
async fn create_with_all_responses_lost_is_found() {
    let test = Test::start().await;
    test.fault("PATCH", Fault::LostResponse, 5);
    let wanted = manifest(&["sg-a"]);
    assert_eq!(test.create(&wanted).await.unwrap().spec, wanted.spec);
}

#[tokio::test]
async fn create_waits_for_definition_and_namespace() {
    let test = Test::start().await;
    test.sandbox.cluster().set_crd_installed(false);
    let error = test.policies.find(&at(), &test.cancel).await.unwrap_err();
    assert!(matches!(error, Error::Cluster(cluster::Error::TypeMissing { .. })), "{error}");

    let manifest =
        PolicyManifest { at: PolicyRef::new("later", "app").unwrap(), ..manifest(&["sg-a"]) };
    let appear = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        test.sandbox.cluster().set_crd_installed(true);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        test.sandbox.cluster().seed_namespace("later");
    };
    let (made, ()) = tokio::join!(test.create(&manifest), appear);
    assert_eq!(made.unwrap().at, manifest.at);
}

#[tokio::test]
async fn refusal_of_the_schema_names_the_field() {
    let test = Test::start().await;
    let error = test.create(&manifest(&[])).await.unwrap_err();
    let Error::Cluster(cluster::Error::Rejected { causes, .. }) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(causes[0].field, "spec.securityGroups.groupIds");
}

#[tokio::test]
async fn wrong_token_is_an_authentication_error() {
    let test = Test::start().await;
    let connection = Connection::Server(Server {
        host: test.sandbox.url(),
        token: Some("wrong".into()),
        certificate_authority: None,
        tls_server_name: None,
        insecure: false,
    });
    let policies = Policies::new(Cluster::new(Ok(connection)));
    let error = policies.find(&at(), &test.cancel).await.unwrap_err();
    assert!(matches!(error, Error::Cluster(cluster::Error::Unauthenticated { .. })), "{error:?}");
}
