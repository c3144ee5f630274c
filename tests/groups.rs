//! Security groups on the sandbox's cloud, which knows the API from another reading of its reference.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "this is how tests fail")]

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use terraform_provider_tke::{
    cloud::{
        Cause, Client, Config, Credentials, Endpoints, ErrorKind, Region,
        api::tke::DescribeClusters,
    },
    groups::{Error, Group, GroupSpec, Groups, Handle, NeighborFingerprints, RuleSpec, Tracked},
    rules::{Difference, RuleId},
    wait::Backoff,
};
use tke_sandbox::{
    Sandbox,
    faults::{Fault, Injection},
};
use tokio_util::sync::CancellationToken;

struct Test {
    sandbox: Sandbox,
    cloud: Client,
    groups: Groups,
    region: Region,
    cancel: CancellationToken,
}

impl Test {
    async fn start() -> Self {
        let sandbox = Sandbox::start().await;
        let cloud = client(&sandbox, None);
        Self {
            groups: Groups::new(cloud.clone()),
            cloud,
            sandbox,
            region: "ap-guangzhou".parse().unwrap(),
            cancel: CancellationToken::new(),
        }
    }

    async fn create(&self) -> Group {
        self.groups.create(&self.region, &pods(), &self.cancel).await.unwrap().group
    }

    /// A new group with these rules, seen by a provider that has just started.
    async fn group(&self, rules: &[&str]) -> Handle {
        let group = self.groups.at(&self.region, &self.create().await.id);
        for rule in rules {
            group.add_rule(&spec(rule), &self.cancel).await.unwrap();
        }
        self.sandbox.log().clear();
        Groups::new(self.cloud.clone()).at(&self.region, group.id())
    }

    fn fault(&self, on: &str, fault: Fault) {
        self.sandbox.faults().add(Injection::new(on, fault));
    }

    /// What a group holds, as protocol, port and peer of its ingress rules.
    fn rules(&self, group: &Handle) -> Vec<String> {
        let payload = json!({ "SecurityGroupId": group.id().as_str() });
        let answer = self.outside("DescribeSecurityGroupPolicies", payload);
        let text = |rule: &Value, field: &str| rule[field].as_str().unwrap().to_owned();
        let rules = answer["SecurityGroupPolicySet"]["Ingress"].as_array().unwrap();
        rules
            .iter()
            .map(|rule| ["Protocol", "Port", "CidrBlock"].map(|field| text(rule, field)).join(" "))
            .collect()
    }

    fn outside(&self, action: &str, payload: Value) -> Value {
        self.sandbox.call("vpc", action, "ap-guangzhou", payload).unwrap()
    }

    fn calls(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for entry in self.sandbox.log().entries() {
            *calls.entry(entry.action).or_default() += 1;
        }
        calls
    }
}

fn client(sandbox: &Sandbox, secret_key: Option<&str>) -> Client {
    let environment: BTreeMap<String, String> = sandbox.environment().into_iter().collect();
    let secret_key = secret_key.unwrap_or(&environment["TENCENTCLOUD_SECRET_KEY"]);
    let credentials = Credentials {
        secret_id: environment["TENCENTCLOUD_SECRET_ID"].clone().into(),
        secret_key: secret_key.into(),
        token: None,
    };
    let all = Some(environment["TKE_ENDPOINT"].parse().unwrap());
    Client::new(Config {
        credentials: Ok(credentials),
        endpoints: Endpoints { all, ..Endpoints::default() },
        retry: Backoff { total: Some(Duration::from_secs(5)), ..Config::default().retry },
        ..Config::default()
    })
}

fn pods() -> GroupSpec {
    let tags = [("team".to_owned(), "net".to_owned())].into();
    GroupSpec { name: "pods".to_owned(), tags, ..GroupSpec::default() }
}

fn spec(rule: &str) -> RuleSpec {
    let id: RuleId = format!("sg-x_ingress_accept_{rule}").parse().unwrap();
    RuleSpec { rule: id.rule, description: "made by a test".to_owned() }
}

async fn track(
    group: &Handle,
    known: &RuleSpec,
    cancel: &CancellationToken,
) -> Result<Tracked, Error> {
    group.track_rule(known, &NeighborFingerprints::default(), cancel).await
}

#[tokio::test]
async fn group_and_rule_lifecycle_leaves_nothing_behind() {
    let test = Test::start().await;
    let before = test.sandbox.state();
    let created = test.create().await;
    let group = test.groups.at(&test.region, &created.id);
    assert_eq!(group.find(&test.cancel).await.unwrap(), Some(created));

    let tags = [("team".to_owned(), "ops".to_owned()), ("env".to_owned(), "dev".to_owned())];
    let to = GroupSpec {
        name: "renamed".to_owned(),
        description: "described".to_owned(),
        tags: tags.into(),
        ..GroupSpec::default()
    };
    group.modify(&pods(), &to, &test.cancel, |_| ()).await.unwrap();
    let found = group.find(&test.cancel).await.unwrap().unwrap();
    assert_eq!((found.name, found.description, found.tags), (to.name, to.description, to.tags));

    for rule in [
        "tcp_80,443_10.0.0.0/8",
        "icmp_all_0.0.0.0/0",
        "icmpv6_all_::/0",
        "gre_all_10.0.0.1",
        "all_all_10.0.0.1",
    ] {
        let (rule, port) = (spec(rule), spec("udp_53_192.168.0.0/16"));
        group.add_rule(&rule, &test.cancel).await.unwrap();
        let tracked = track(&group, &rule, &test.cancel).await.unwrap();
        assert_eq!(tracked, Tracked::Same(rule.clone()));
        group.edit_rule(&rule, &port, &test.cancel).await.unwrap();
        group.edit_rule(&port, &rule, &test.cancel).await.unwrap();
        group.remove_rule(&rule, &test.cancel).await.unwrap();
        group.remove_rule(&rule, &test.cancel).await.unwrap();
    }
    group.delete(&test.cancel).await.unwrap();
    group.delete(&test.cancel).await.unwrap();
    assert_eq!(group.find(&test.cancel).await.unwrap(), None);
    assert_eq!(test.sandbox.state(), before);
}

#[tokio::test]
async fn plan_of_a_hundred_rules_takes_two_calls() {
    let test = Test::start().await;
    let rules: Vec<String> = (1..=100).map(|port| format!("tcp_{port}_10.0.0.0/8")).collect();
    let group = test.group(&[]).await;
    let policies: Vec<Value> = (1..=100)
        .map(|port| json!({ "Protocol": "TCP", "Port": port.to_string(), "CidrBlock": "10.0.0.0/8", "Action": "ACCEPT" }))
        .collect();
    let payload = json!({
        "SecurityGroupId": group.id().as_str(),
        "SecurityGroupPolicySet": { "Ingress": policies },
    });
    test.outside("CreateSecurityGroupPolicies", payload);
    test.sandbox.log().clear();

    group.find(&test.cancel).await.unwrap().unwrap();
    for rule in &rules {
        let tracked = track(&group, &spec(rule), &test.cancel).await.unwrap();
        assert!(matches!(tracked, Tracked::Same(_)), "{tracked:?}");
    }
    assert_eq!(test.calls().values().sum::<usize>(), 2, "{:?}", test.calls());
}

#[tokio::test]
async fn calls_under_every_fault_orphan_nothing() {
    let test = Test::start().await;
    for fault in [Fault::Throttle, Fault::ServerError, Fault::LostResponse] {
        let before = test.sandbox.state();
        test.fault("CreateSecurityGroup", fault.clone());
        let group = test.groups.at(&test.region, &test.create().await.id);
        test.fault("CreateSecurityGroupPolicies", fault.clone());
        group.add_rule(&spec("tcp_443_10.0.0.0/8"), &test.cancel).await.unwrap();
        assert_eq!(test.rules(&group), ["tcp 443 10.0.0.0/8"]);
        test.fault("ReplaceSecurityGroupPolicies", fault.clone());
        let (from, to) = (spec("tcp_443_10.0.0.0/8"), spec("udp_443_10.0.0.0/8"));
        group.edit_rule(&from, &to, &test.cancel).await.unwrap();
        assert_eq!(test.rules(&group), ["udp 443 10.0.0.0/8"]);
        test.fault("DeleteSecurityGroupPolicies", fault.clone());
        group.remove_rule(&to, &test.cancel).await.unwrap();
        assert_eq!(test.rules(&group), [""; 0]);
        for action in
            ["ModifySecurityGroupAttribute", "ModifyResourceTags", "DescribeSecurityGroups"]
        {
            test.fault(action, fault.clone());
        }
        let to = GroupSpec { name: "renamed".to_owned(), ..GroupSpec::default() };
        group.modify(&pods(), &to, &test.cancel, |_| ()).await.unwrap();
        assert_eq!(group.find(&test.cancel).await.unwrap().unwrap().name, "renamed");
        test.fault("DeleteSecurityGroup", fault.clone());
        group.delete(&test.cancel).await.unwrap();
        assert_eq!(test.sandbox.state(), before, "{fault:?}");
    }
}

#[tokio::test]
async fn concurrent_writers_of_one_group_all_succeed() {
    let test = Test::start().await;
    let group = test.group(&["tcp_1_10.0.0.0/8", "tcp_2_10.0.0.0/8"]).await;
    group.find_rule(&spec("tcp_1_10.0.0.0/8").rule, &test.cancel).await.unwrap().unwrap();
    // Above ours and behind our back: every position and the version are others now.
    let policy = json!({ "PolicyIndex": 0, "Protocol": "TCP", "Port": "9", "CidrBlock": "10.0.0.0/8", "Action": "DROP" });
    let payload = json!({
        "SecurityGroupId": group.id().as_str(),
        "SecurityGroupPolicySet": { "Ingress": [policy] },
    });
    test.outside("CreateSecurityGroupPolicies", payload);
    group.remove_rule(&spec("tcp_1_10.0.0.0/8"), &test.cancel).await.unwrap();
    assert_eq!(test.rules(&group), ["tcp 9 10.0.0.0/8", "tcp 2 10.0.0.0/8"]);
    let (from, to) = (spec("tcp_2_10.0.0.0/8"), spec("tcp_3_10.0.0.0/8"));
    group.edit_rule(&from, &to, &test.cancel).await.unwrap();
    assert_eq!(test.rules(&group), ["tcp 9 10.0.0.0/8", "tcp 3 10.0.0.0/8"]);
}

#[tokio::test]
async fn edited_rule_is_tracked() {
    let test = Test::start().await;
    let group = test.group(&["tcp_443_10.0.0.0/8", "tcp_22_10.0.0.0/8"]).await;
    let policy = json!({ "PolicyIndex": 0, "Protocol": "tcp", "Port": "8443", "CidrBlock": "10.0.0.0/8", "Action": "accept", "PolicyDescription": "made by a test" });
    let payload = json!({
        "SecurityGroupId": group.id().as_str(),
        "SecurityGroupPolicySet": { "Ingress": [policy] },
    });
    test.outside("ReplaceSecurityGroupPolicies", payload);
    let (edited, same) = (spec("tcp_443_10.0.0.0/8"), spec("tcp_22_10.0.0.0/8"));
    let (edited, same) =
        tokio::join!(track(&group, &edited, &test.cancel), track(&group, &same, &test.cancel),);
    let now = spec("tcp_8443_10.0.0.0/8");
    assert_eq!(edited.unwrap(), Tracked::Drifted(now.clone(), Difference::Traffic));
    assert!(matches!(same.unwrap(), Tracked::Same(_)));
    group.edit_rule(&now, &spec("tcp_443_10.0.0.0/8"), &test.cancel).await.unwrap();
    assert_eq!(test.rules(&group), ["tcp 443 10.0.0.0/8", "tcp 22 10.0.0.0/8"]);
}

#[tokio::test]
async fn adding_an_existing_rule_fails() {
    let test = Test::start().await;
    let group = test.group(&["tcp_443_10.0.0.0/8"]).await;
    let error = group.add_rule(&spec("tcp_443_10.0.0.0/8"), &test.cancel).await.unwrap_err();
    let Error::RuleExists(id) = error else { panic!("{error}") };
    assert_eq!(id.to_string(), format!("{}_ingress_accept_tcp_443_10.0.0.0/8", group.id()));
}

#[tokio::test]
async fn delete_of_referenced_group_waits_for_the_references() {
    let test = Test::start().await;
    let group = test.group(&[]).await;
    let other = test.group(&[&format!("all_all_{}", group.id())]).await;
    let cancel = CancellationToken::new();
    let (deleted, ()) = tokio::join!(group.delete(&cancel), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel();
    });
    let Err(Error::InUse { usage, source, .. }) = deleted else { panic!("{deleted:?}") };
    assert_eq!((usage.groups, source.kind()), (vec![other.id().clone()], ErrorKind::Busy));

    group.remove_references(&test.cancel).await.unwrap();
    group.delete(&test.cancel).await.unwrap();
}

#[tokio::test]
async fn wrong_key_and_unreachable_host_are_distinguished() {
    let test = Test::start().await;
    let request = DescribeClusters::default();
    let wrong = client(&test.sandbox, Some("not-the-key"));
    let error = wrong.call(&test.region, &request, &test.cancel).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Denied, 1));
    assert_eq!(error.code(), Some("AuthFailure.SignatureFailure"));
    assert!(error.request_id().is_some());

    let request = DescribeClusters { cluster_ids: vec!["my-cluster".to_owned()], ..request };
    let found = test.cloud.call(&test.region, &request, &test.cancel).await.unwrap();
    assert_eq!(
        found.clusters.iter().map(|c| c.cluster_name.as_str()).collect::<Vec<_>>(),
        ["my-cluster"]
    );
    assert!(found.clusters[0].cluster_network_settings.vpc_id.starts_with("vpc-"));

    drop(test.sandbox);
    let error = test.cloud.call(&test.region, &request, &test.cancel).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn two_states_share_a_group() {
    let test = Test::start().await;
    let group = test.group(&[]).await;
    // As seen from two processes, which know nothing of each other, over a network.
    let slow = Fault::Latency { milliseconds: 20 };
    test.sandbox
        .faults()
        .add(Injection { times: 1000, ..Injection::new("DescribeSecurityGroupPolicies", slow) });
    let adds: Vec<_> = (0..2)
        .flat_map(|state| {
            let group = Groups::new(client(&test.sandbox, None)).at(&test.region, group.id());
            (1..=15).map(move |port| (group.clone(), format!("tcp_{state}{port:02}_10.0.0.0/8")))
        })
        .map(|(group, rule)| {
            tokio::spawn(async move {
                group.add_rule(&spec(&rule), &CancellationToken::new()).await.unwrap();
            })
        })
        .collect();
    for add in adds {
        add.await.unwrap();
    }
    assert_eq!(test.rules(&group).len(), 30);
}
