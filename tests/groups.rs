|_| ()//! Security groups on the sandbox's cloud, which knows the API from another reading of its reference.
|_| ()
|_| ()#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "this is how tests fail")]
|_| ()
|_| ()use std::{collections::BTreeMap, time::Duration};
|_| ()
|_| ()use serde_json::{Value, json};
|_| ()use terraform_provider_tke::{
|_| ()    cloud::{
|_| ()        Cause, Client, Config, Credentials, Endpoints, ErrorKind, Region,
|_| ()        api::tke::DescribeClusters,
|_| ()    },
|_| ()    groups::{Error, Group, GroupSpec, Groups, Handle, NeighborFingerprints, RuleSpec, Tracked},
|_| ()    rules::{Difference, RuleId},
|_| ()    wait::Backoff,
|_| ()};
|_| ()use tke_sandbox::{
|_| ()    Sandbox,
|_| ()    faults::{Fault, Injection},
|_| ()};
|_| ()use tokio_util::sync::CancellationToken;
|_| ()
|_| ()struct Test {
|_| ()    sandbox: Sandbox,
|_| ()    cloud: Client,
|_| ()    groups: Groups,
|_| ()    region: Region,
|_| ()    cancel: CancellationToken,
|_| ()}
|_| ()
|_| ()impl Test {
|_| ()    async fn start() -> Self {
|_| ()        let sandbox = Sandbox::start().await;
|_| ()        let cloud = client(&sandbox, None);
|_| ()        Self {
|_| ()            groups: Groups::new(cloud.clone()),
|_| ()            cloud,
|_| ()            sandbox,
|_| ()            region: "ap-guangzhou".parse().unwrap(),
|_| ()            cancel: CancellationToken::new(),
|_| ()        }
|_| ()    }
|_| ()
|_| ()    async fn create(&self) -> Group {
|_| ()        self.groups.create(&self.region, &pods(), &self.cancel).await.unwrap().group
|_| ()    }
|_| ()
|_| ()    /// A new group with these rules, seen by a provider that has just started.
|_| ()    async fn group(&self, rules: &[&str]) -> Handle {
|_| ()        let group = self.groups.at(&self.region, &self.create().await.id);
|_| ()        for rule in rules {
|_| ()            group.add_rule(&spec(rule), &self.cancel).await.unwrap();
|_| ()        }
|_| ()        self.sandbox.log().clear();
|_| ()        Groups::new(self.cloud.clone()).at(&self.region, group.id())
|_| ()    }
|_| ()
|_| ()    fn fault(&self, on: &str, fault: Fault) {
|_| ()        self.sandbox.faults().add(Injection::new(on, fault));
|_| ()    }
|_| ()
|_| ()    /// What a group holds, as protocol, port and peer of its ingress rules.
|_| ()    fn rules(&self, group: &Handle) -> Vec<String> {
|_| ()        let payload = json!({ "SecurityGroupId": group.id().as_str() });
|_| ()        let answer = self.outside("DescribeSecurityGroupPolicies", payload);
|_| ()        let text = |rule: &Value, field: &str| rule[field].as_str().unwrap().to_owned();
|_| ()        let rules = answer["SecurityGroupPolicySet"]["Ingress"].as_array().unwrap();
|_| ()        rules
|_| ()            .iter()
|_| ()            .map(|rule| ["Protocol", "Port", "CidrBlock"].map(|field| text(rule, field)).join(" "))
|_| ()            .collect()
|_| ()    }
|_| ()
|_| ()    fn outside(&self, action: &str, payload: Value) -> Value {
|_| ()        self.sandbox.call("vpc", action, "ap-guangzhou", payload).unwrap()
|_| ()    }
|_| ()
|_| ()    fn calls(&self) -> BTreeMap<String, usize> {
|_| ()        let mut calls = BTreeMap::new();
|_| ()        for entry in self.sandbox.log().entries() {
|_| ()            *calls.entry(entry.action).or_default() += 1;
|_| ()        }
|_| ()        calls
|_| ()    }
|_| ()}
|_| ()
|_| ()fn client(sandbox: &Sandbox, secret_key: Option<&str>) -> Client {
|_| ()    let environment: BTreeMap<String, String> = sandbox.environment().into_iter().collect();
|_| ()    let secret_key = secret_key.unwrap_or(&environment["TENCENTCLOUD_SECRET_KEY"]);
|_| ()    let credentials = Credentials {
|_| ()        secret_id: environment["TENCENTCLOUD_SECRET_ID"].clone().into(),
|_| ()        secret_key: secret_key.into(),
|_| ()        token: None,
|_| ()    };
|_| ()    let all = Some(environment["TKE_ENDPOINT"].parse().unwrap());
|_| ()    Client::new(Config {
|_| ()        credentials: Ok(credentials),
|_| ()        endpoints: Endpoints { all, ..Endpoints::default() },
|_| ()        retry: Backoff { total: Some(Duration::from_secs(5)), ..Config::default().retry },
|_| ()        ..Config::default()
|_| ()    })
|_| ()}
|_| ()
|_| ()fn pods() -> GroupSpec {
|_| ()    let tags = [("team".to_owned(), "net".to_owned())].into();
|_| ()    GroupSpec { name: "pods".to_owned(), tags, ..GroupSpec::default() }
|_| ()}
|_| ()
|_| ()fn spec(rule: &str) -> RuleSpec {
|_| ()    let id: RuleId = format!("sg-x_ingress_accept_{rule}").parse().unwrap();
|_| ()    RuleSpec { rule: id.rule, description: "made by a test".to_owned() }
|_| ()}
|_| ()
|_| ()async fn track(
|_| ()    group: &Handle,
|_| ()    known: &RuleSpec,
|_| ()    cancel: &CancellationToken,
|_| ()) -> Result<Tracked, Error> {
|_| ()    group.track_rule(known, &NeighborFingerprints::default(), cancel).await
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn ok_a_whole_life_leaves_no_trace() {
|_| ()    let test = Test::start().await;
|_| ()    let before = test.sandbox.state();
|_| ()    let created = test.create().await;
|_| ()    let group = test.groups.at(&test.region, &created.id);
|_| ()    assert_eq!(group.find(&test.cancel).await.unwrap(), Some(created));
|_| ()
|_| ()    let tags = [("team".to_owned(), "ops".to_owned()), ("env".to_owned(), "dev".to_owned())];
|_| ()    let to = GroupSpec {
|_| ()        name: "renamed".to_owned(),
|_| ()        description: "described".to_owned(),
|_| ()        tags: tags.into(),
|_| ()        ..GroupSpec::default()
|_| ()    };
|_| ()    group.modify(&pods(), &to, &test.cancel, |_| ()).await.unwrap();
|_| ()    let found = group.find(&test.cancel).await.unwrap().unwrap();
|_| ()    assert_eq!((found.name, found.description, found.tags), (to.name, to.description, to.tags));
|_| ()
|_| ()    for rule in [
|_| ()        "tcp_80,443_10.0.0.0/8",
|_| ()        "icmp_all_0.0.0.0/0",
|_| ()        "icmpv6_all_::/0",
|_| ()        "gre_all_10.0.0.1",
|_| ()        "all_all_10.0.0.1",
|_| ()    ] {
|_| ()        let (rule, port) = (spec(rule), spec("udp_53_192.168.0.0/16"));
|_| ()        group.add_rule(&rule, &test.cancel).await.unwrap();
|_| ()        let tracked = track(&group, &rule, &test.cancel).await.unwrap();
|_| ()        assert_eq!(tracked, Tracked::Same(rule.clone()));
|_| ()        group.edit_rule(&rule, &port, &test.cancel).await.unwrap();
|_| ()        group.edit_rule(&port, &rule, &test.cancel).await.unwrap();
|_| ()        group.remove_rule(&rule, &test.cancel).await.unwrap();
|_| ()        group.remove_rule(&rule, &test.cancel).await.unwrap();
|_| ()    }
|_| ()    group.delete(&test.cancel).await.unwrap();
|_| ()    group.delete(&test.cancel).await.unwrap();
|_| ()    assert_eq!(group.find(&test.cancel).await.unwrap(), None);
|_| ()    assert_eq!(test.sandbox.state(), before);
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn ok_a_plan_of_a_hundred_rules_takes_two_calls() {
|_| ()    let test = Test::start().await;
|_| ()    let rules: Vec<String> = (1..=100).map(|port| format!("tcp_{port}_10.0.0.0/8")).collect();
|_| ()    let group = test.group(&[]).await;
|_| ()    let policies: Vec<Value> = (1..=100)
|_| ()        .map(|port| json!({ "Protocol": "TCP", "Port": port.to_string(), "CidrBlock": "10.0.0.0/8", "Action": "ACCEPT" }))
|_| ()        .collect();
|_| ()    let payload = json!({
|_| ()        "SecurityGroupId": group.id().as_str(),
|_| ()        "SecurityGroupPolicySet": { "Ingress": policies },
|_| ()    });
|_| ()    test.outside("CreateSecurityGroupPolicies", payload);
|_| ()    test.sandbox.log().clear();
|_| ()
|_| ()    group.find(&test.cancel).await.unwrap().unwrap();
|_| ()    for rule in &rules {
|_| ()        let tracked = track(&group, &spec(rule), &test.cancel).await.unwrap();
|_| ()        assert!(matches!(tracked, Tracked::Same(_)), "{tracked:?}");
|_| ()    }
|_| ()    assert_eq!(test.calls().values().sum::<usize>(), 2, "{:?}", test.calls());
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn ok_faults_of_every_kind_orphan_nothing() {
|_| ()    let test = Test::start().await;
|_| ()    for fault in [Fault::Throttle, Fault::ServerError, Fault::LostResponse] {
|_| ()        let before = test.sandbox.state();
|_| ()        test.fault("CreateSecurityGroup", fault.clone());
|_| ()        let group = test.groups.at(&test.region, &test.create().await.id);
|_| ()        test.fault("CreateSecurityGroupPolicies", fault.clone());
|_| ()        group.add_rule(&spec("tcp_443_10.0.0.0/8"), &test.cancel).await.unwrap();
|_| ()        assert_eq!(test.rules(&group), ["tcp 443 10.0.0.0/8"]);
|_| ()        test.fault("ReplaceSecurityGroupPolicies", fault.clone());
|_| ()        let (from, to) = (spec("tcp_443_10.0.0.0/8"), spec("udp_443_10.0.0.0/8"));
|_| ()        group.edit_rule(&from, &to, &test.cancel).await.unwrap();
|_| ()        assert_eq!(test.rules(&group), ["udp 443 10.0.0.0/8"]);
|_| ()        test.fault("DeleteSecurityGroupPolicies", fault.clone());
|_| ()        group.remove_rule(&to, &test.cancel).await.unwrap();
|_| ()        assert_eq!(test.rules(&group), [""; 0]);
|_| ()        for action in
|_| ()            ["ModifySecurityGroupAttribute", "ModifyResourceTags", "DescribeSecurityGroups"]
|_| ()        {
|_| ()            test.fault(action, fault.clone());
|_| ()        }
|_| ()        let to = GroupSpec { name: "renamed".to_owned(), ..GroupSpec::default() };
|_| ()        group.modify(&pods(), &to, &test.cancel, |_| ()).await.unwrap();
|_| ()        assert_eq!(group.find(&test.cancel).await.unwrap().unwrap().name, "renamed");
|_| ()        test.fault("DeleteSecurityGroup", fault.clone());
|_| ()        group.delete(&test.cancel).await.unwrap();
|_| ()        assert_eq!(test.sandbox.state(), before, "{fault:?}");
|_| ()    }
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn ok_others_work_on_the_same_group() {
|_| ()    let test = Test::start().await;
|_| ()    let group = test.group(&["tcp_1_10.0.0.0/8", "tcp_2_10.0.0.0/8"]).await;
|_| ()    group.find_rule(&spec("tcp_1_10.0.0.0/8").rule, &test.cancel).await.unwrap().unwrap();
|_| ()    // Above ours and behind our back: every position and the version are others now.
|_| ()    let policy = json!({ "PolicyIndex": 0, "Protocol": "TCP", "Port": "9", "CidrBlock": "10.0.0.0/8", "Action": "DROP" });
|_| ()    let payload = json!({
|_| ()        "SecurityGroupId": group.id().as_str(),
|_| ()        "SecurityGroupPolicySet": { "Ingress": [policy] },
|_| ()    });
|_| ()    test.outside("CreateSecurityGroupPolicies", payload);
|_| ()    group.remove_rule(&spec("tcp_1_10.0.0.0/8"), &test.cancel).await.unwrap();
|_| ()    assert_eq!(test.rules(&group), ["tcp 9 10.0.0.0/8", "tcp 2 10.0.0.0/8"]);
|_| ()    let (from, to) = (spec("tcp_2_10.0.0.0/8"), spec("tcp_3_10.0.0.0/8"));
|_| ()    group.edit_rule(&from, &to, &test.cancel).await.unwrap();
|_| ()    assert_eq!(test.rules(&group), ["tcp 9 10.0.0.0/8", "tcp 3 10.0.0.0/8"]);
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn ok_an_edited_rule_is_followed() {
|_| ()    let test = Test::start().await;
|_| ()    let group = test.group(&["tcp_443_10.0.0.0/8", "tcp_22_10.0.0.0/8"]).await;
|_| ()    let policy = json!({ "PolicyIndex": 0, "Protocol": "tcp", "Port": "8443", "CidrBlock": "10.0.0.0/8", "Action": "accept", "PolicyDescription": "made by a test" });
|_| ()    let payload = json!({
|_| ()        "SecurityGroupId": group.id().as_str(),
|_| ()        "SecurityGroupPolicySet": { "Ingress": [policy] },
|_| ()    });
|_| ()    test.outside("ReplaceSecurityGroupPolicies", payload);
|_| ()    let (edited, same) = (spec("tcp_443_10.0.0.0/8"), spec("tcp_22_10.0.0.0/8"));
|_| ()    let (edited, same) =
|_| ()        tokio::join!(track(&group, &edited, &test.cancel), track(&group, &same, &test.cancel),);
|_| ()    let now = spec("tcp_8443_10.0.0.0/8");
|_| ()    assert_eq!(edited.unwrap(), Tracked::Drifted(now.clone(), Difference::Traffic));
|_| ()    assert!(matches!(same.unwrap(), Tracked::Same(_)));
|_| ()    group.edit_rule(&now, &spec("tcp_443_10.0.0.0/8"), &test.cancel).await.unwrap();
|_| ()    assert_eq!(test.rules(&group), ["tcp 443 10.0.0.0/8", "tcp 22 10.0.0.0/8"]);
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn err_add_what_is_there() {
|_| ()    let test = Test::start().await;
|_| ()    let group = test.group(&["tcp_443_10.0.0.0/8"]).await;
|_| ()    let error = group.add_rule(&spec("tcp_443_10.0.0.0/8"), &test.cancel).await.unwrap_err();
|_| ()    let Error::RuleExists(id) = error else { panic!("{error}") };
|_| ()    assert_eq!(id.to_string(), format!("{}_ingress_accept_tcp_443_10.0.0.0/8", group.id()));
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn err_delete_while_referenced_then_without() {
|_| ()    let test = Test::start().await;
|_| ()    let group = test.group(&[]).await;
|_| ()    let other = test.group(&[&format!("all_all_{}", group.id())]).await;
|_| ()    let cancel = CancellationToken::new();
|_| ()    let (deleted, ()) = tokio::join!(group.delete(&cancel), async {
|_| ()        tokio::time::sleep(Duration::from_millis(300)).await;
|_| ()        cancel.cancel();
|_| ()    });
|_| ()    let Err(Error::InUse { usage, source, .. }) = deleted else { panic!("{deleted:?}") };
|_| ()    assert_eq!((usage.groups, source.kind()), (vec![other.id().clone()], ErrorKind::Busy));
|_| ()
|_| ()    group.remove_references(&test.cancel).await.unwrap();
|_| ()    group.delete(&test.cancel).await.unwrap();
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn err_wrong_key_and_no_host() {
|_| ()    let test = Test::start().await;
|_| ()    let request = DescribeClusters::default();
|_| ()    let wrong = client(&test.sandbox, Some("not-the-key"));
|_| ()    let error = wrong.call(&test.region, &request, &test.cancel).await.unwrap_err();
|_| ()    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Denied, 1));
|_| ()    assert_eq!(error.code(), Some("AuthFailure.SignatureFailure"));
|_| ()    assert!(error.request_id().is_some());
|_| ()
|_| ()    let request = DescribeClusters { cluster_ids: vec!["my-cluster".to_owned()], ..request };
|_| ()    let found = test.cloud.call(&test.region, &request, &test.cancel).await.unwrap();
|_| ()    assert_eq!(
|_| ()        found.clusters.iter().map(|c| c.cluster_name.as_str()).collect::<Vec<_>>(),
|_| ()        ["my-cluster"]
|_| ()    );
|_| ()    assert!(found.clusters[0].cluster_network_settings.vpc_id.starts_with("vpc-"));
|_| ()
|_| ()    drop(test.sandbox);
|_| ()    let error = test.cloud.call(&test.region, &request, &test.cancel).await.unwrap_err();
|_| ()    assert!(matches!(error.cause(), Cause::Unreachable { .. }), "{error:?}");
|_| ()}
|_| ()
|_| ()#[tokio::test]
|_| ()async fn ok_two_states_share_a_group() {
|_| ()    let test = Test::start().await;
|_| ()    let group = test.group(&[]).await;
|_| ()    // As seen from two processes, which know nothing of each other, over a network.
|_| ()    let slow = Fault::Latency { milliseconds: 20 };
|_| ()    test.sandbox
|_| ()        .faults()
|_| ()        .add(Injection { times: 1000, ..Injection::new("DescribeSecurityGroupPolicies", slow) });
|_| ()    let adds: Vec<_> = (0..2)
|_| ()        .flat_map(|state| {
|_| ()            let group = Groups::new(client(&test.sandbox, None)).at(&test.region, group.id());
|_| ()            (1..=15).map(move |port| (group.clone(), format!("tcp_{state}{port:02}_10.0.0.0/8")))
|_| ()        })
|_| ()        .map(|(group, rule)| {
|_| ()            tokio::spawn(async move {
|_| ()                group.add_rule(&spec(&rule), &CancellationToken::new()).await.unwrap();
|_| ()            })
|_| ()        })
|_| ()        .collect();
|_| ()    for add in adds {
|_| ()        add.await.unwrap();
|_| ()    }
|_| ()    assert_eq!(test.rules(&group).len(), 30);
|_| ()}
