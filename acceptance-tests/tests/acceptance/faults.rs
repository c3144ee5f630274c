//! What goes wrong on the way: each ends in a message that says what could not be done to which
//! object, why, and what to do; and the state is true afterwards.

use acceptance_tests::{TestContext, assert_text};
use serde_json::{Value, json};
use std::net::TcpListener;
use tke_sandbox::faults::{Injection, Kind};

const GROUP: &str = r#"
resource "tke_security_group" "it" {
  name = "it"
}
"#;

const POLICY: &str = r#"
resource "tke_security_group" "it" {
  name = "it"
}
resource "tke_security_group_policy" "it" {
  namespace          = "my-namespace"
  name               = "it"
  pod_selector       = { match_labels = { app = "my-app" } }
  security_group_ids = [tke_security_group.it.id]
  timeouts           = { create = "3s", update = "3s" }
}
"#;

/// A sandbox, and this configuration.
fn context(hcl: &str) -> TestContext {
    let context = TestContext::new();
    context.configure(hcl);
    context
}

/// An address of this machine where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// What `terraform apply` objects to. Afterwards the resource is neither there nor in the state.
#[track_caller]
fn refused(context: &TestContext, address: &str) -> String {
    let side = if address.contains("policy") { "cluster" } else { "cloud" };
    let before = context.held()[side].clone();
    let errors = context.apply_errors();
    assert_eq!(context.held()[side], before, "something was done");
    assert_eq!(context.attributes(address), Value::Null);
    errors
}

#[test]
fn missing_credentials() {
    let mut context = context(GROUP);
    context.unset("TENCENTCLOUD_SECRET_ID");
    context.unset("TENCENTCLOUD_SECRET_KEY");
    assert_text!(refused(&context, "tke_security_group.it"), @"");
}

#[test]
fn half_a_key() {
    let mut context =
        context(&format!("provider \"tke\" {{\n  secret_id = \"alone\"\n}}\n{GROUP}"));
    context.unset("TENCENTCLOUD_SECRET_KEY");
    assert_text!(refused(&context, "tke_security_group.it"), @"");
}

#[test]
fn missing_region() {
    let mut context = context(GROUP);
    context.unset("TENCENTCLOUD_REGION");
    assert_text!(refused(&context, "tke_security_group.it"), @"");
}

#[test]
fn bad_signature() {
    let mut context = context(GROUP);
    context.set("TENCENTCLOUD_SECRET_KEY", "not-the-key");
    let errors = refused(&context, "tke_security_group.it");
    assert!(!errors.contains("not-the-key"), "a secret is shown");
    assert_text!(errors, @"");
}

#[test]
fn unreachable_cloud() {
    let mut context = context(
        r#"
resource "tke_security_group" "it" {
  name     = "it"
  timeouts = { create = "3s" }
}
"#,
    );
    context.set("TKE_ENDPOINT", &nobody());
    assert_text!(refused(&context, "tke_security_group.it"), @"");
}

#[test]
fn unreachable_cluster() {
    let mut context = context(POLICY);
    context.set("KUBE_HOST", &nobody());
    assert_text!(refused(&context, "tke_security_group_policy.it"), @"");
    // The group was created before, and is known.
    assert_ne!(context.attributes("tke_security_group.it"), Value::Null);
    context.destroy();
}

#[test]
fn no_cluster() {
    let mut context = context(POLICY);
    context.unset("KUBE_HOST");
    context.unset("KUBE_TOKEN");
    assert_text!(refused(&context, "tke_security_group_policy.it"), @"");
}

#[test]
fn refused_by_the_cluster() {
    let mut context = context(POLICY);
    context.set("KUBE_TOKEN", "not-the-token");
    let errors = refused(&context, "tke_security_group_policy.it");
    assert!(!errors.contains("not-the-token"), "a secret is shown");
    assert_text!(errors, @"");
}

#[test]
fn unknown_group() {
    let context = context(
        r#"
resource "tke_security_group_rule" "it" {
  security_group_id = "sg-12345678"
  direction         = "ingress"
  action            = "ACCEPT"
  cidr_block        = "10.0.0.0/8"
}
"#,
    );
    assert_text!(refused(&context, "tke_security_group_rule.it"), @"");
}

#[test]
fn unknown_group_at_the_other_end() {
    let context = context(
        r#"
resource "tke_security_group" "it" {
  name = "it"
}
resource "tke_security_group_rule" "it" {
  security_group_id            = tke_security_group.it.id
  direction                    = "ingress"
  action                       = "ACCEPT"
  referenced_security_group_id = "sg-12345678"
}
"#,
    );
    assert_text!(context.apply_errors(), @"");
    assert_eq!(context.attributes("tke_security_group_rule.it"), Value::Null);
}

#[test]
fn unknown_import() {
    let context = context(
        r#"
import {
  to = tke_security_group.it
  id = "sg-12345678"
}
resource "tke_security_group" "it" {
  name = "it"
}
"#,
    );
    assert_text!(context.plan_errors(), @"");
}

#[test]
fn imports_of_nothing() {
    let context = context(
        r#"
resource "tke_security_group" "it" {
  name = "it"
}
resource "tke_security_group_rule" "it" {
  security_group_id = tke_security_group.it.id
  direction         = "ingress"
  action            = "ACCEPT"
  cidr_block        = "10.0.0.0/8"
}
"#,
    );
    context.apply();
    let group = context.attributes("tke_security_group.it")["id"].as_str().unwrap().to_owned();
    let import = |address: &str, id: &str| {
        context.write("import.tf", &format!("import {{\n  to = {address}\n  id = \"{id}\"\n}}\n"));
        context.configure(&format!("{POLICY}\n{RULE}"));
        context.plan_errors()
    };
    const RULE: &str = r#"
resource "tke_security_group_rule" "new" {
  security_group_id = "sg-12345678"
  direction         = "ingress"
  action            = "ACCEPT"
  cidr_block        = "10.0.0.0/8"
}
"#;
    let rule = "tke_security_group_rule.new";
    assert_text!(import(rule, &group), @"");
    assert_text!(import(rule, &format!("{group}_ingress_accept_tcp_80_10.0.0.0/8")), @"");
    assert_text!(import(rule, &format!("{group}_egress_accept_tcp_80_10.0.0.0/8")), @"");
    assert_text!(import("tke_security_group_policy.it", "it"), @"");
    assert_text!(import("tke_security_group_policy.it", "my-namespace/it"), @"");
}

#[test]
fn missing_definition() {
    let context = context(POLICY);
    context.apply();
    context.sandbox().cluster().set_crd_installed(false);
    assert_text!(context.plan_warnings(), @"");
    assert_text!(refused(&context, "tke_security_group_policy.it"), @"");
    // The wait is for somebody who installs it.
    context.sandbox().cluster().set_crd_installed(true);
    context.apply();
    context.plan().assert_empty();
}

#[test]
fn a_definition_that_comes_while_apply_waits() {
    let context = context(&POLICY.replace("\"3s\"", "\"1m\""));
    context.sandbox().cluster().set_crd_installed(false);
    let mut terraform = context.start("apply -auto-approve -input=false -no-color");
    context.wait_for("tke_security_group_policy.it: Creating...");
    context.sandbox().cluster().set_crd_installed(true);
    assert!(context.finish(&mut terraform));
    context.plan().assert_empty();
}

#[test]
fn missing_namespace() {
    let context = context(&POLICY.replace("my-namespace", "no-such-namespace"));
    assert_text!(refused(&context, "tke_security_group_policy.it"), @"");
}

#[test]
fn conflict_with_another_manager() {
    let context = context(POLICY);
    context.apply();
    let change = json!({ "spec": { "podSelector": { "matchLabels": { "app": "their-app" } } } });
    context.outside().edit_policy("my-namespace", "it", &change);
    let before = context.outside().policy("my-namespace", "it");
    assert_text!(context.apply_errors(), @"");
    // The state says what is there, not what was wished.
    let selector = context.attributes("tke_security_group_policy.it")["pod_selector"].clone();
    assert_eq!(selector["match_labels"], json!({ "app": "their-app" }));
    assert_eq!(context.outside().policy("my-namespace", "it")["spec"], before["spec"]);
}

#[test]
fn policy_of_the_same_name() {
    let context = context(POLICY);
    let spec = json!({
        "podSelector": { "matchLabels": { "app": "theirs" } },
        "securityGroups": { "groupIds": ["sg-theirs00"] },
    });
    context.outside().create_policy("my-namespace", "it", &spec);
    assert_text!(refused(&context, "tke_security_group_policy.it"), @"");
    assert_eq!(context.outside().policy("my-namespace", "it")["spec"], spec);
}

#[test]
fn throttled_calls_are_repeated() {
    let context = context(GROUP);
    let fault = Injection { times: 3, ..Injection::new("CreateSecurityGroup", Kind::Throttle) };
    context.sandbox().faults().add(fault);
    context.apply();
    assert_eq!(context.sandbox().log().count("CreateSecurityGroup"), 4);
    context.plan().assert_empty();
}

#[test]
fn server_errors_are_repeated() {
    let context = context(POLICY);
    for request in ["DescribeSecurityGroups", "PATCH securitygrouppolicies"] {
        let fault = Injection { times: 2, ..Injection::new(request, Kind::ServerError) };
        context.sandbox().faults().add(fault);
    }
    context.apply();
    context.plan().assert_empty();
}

#[test]
fn throttled_for_ever() {
    let context = context(
        r#"
resource "tke_security_group" "it" {
  name     = "it"
  timeouts = { create = "3s" }
}
"#,
    );
    let fault = Injection { times: 100, ..Injection::new("CreateSecurityGroup", Kind::Throttle) };
    context.sandbox().faults().add(fault);
    assert_text!(refused(&context, "tke_security_group.it"), @"");
}

#[test]
fn refused_by_the_cloud() {
    let context = context(GROUP);
    let fault = Injection {
        code: "UnauthorizedOperation".to_owned(),
        message: "you are not authorized to perform operation (vpc:CreateSecurityGroup)".to_owned(),
        ..Injection::new("CreateSecurityGroup", Kind::Error)
    };
    context.sandbox().faults().add(fault);
    assert_text!(refused(&context, "tke_security_group.it"), @"");
}

#[test]
fn lost_answers_to_updates_and_deletes() {
    let context = context(GROUP);
    let before = context.held();
    context.apply();
    context.configure(&GROUP.replace("\"it\"\n}", "\"renamed\"\n}"));
    let lose = |request: &str| {
        context.sandbox().faults().add(Injection::new(request, Kind::LostAnswer));
    };
    lose("ModifySecurityGroupAttribute");
    context.apply();
    context.plan().assert_empty();
    lose("DeleteSecurityGroup");
    context.destroy();
    assert_eq!(context.held(), before);
}

#[test]
fn a_group_in_use_says_by_whom() {
    let context = context(
        r#"
resource "tke_security_group" "it" {
  name     = "it"
  timeouts = { delete = "3s" }
}
resource "tke_security_group" "other" {
  name = "other"
}
"#,
    );
    context.apply();
    let id = |address: &str| context.attributes(address)["id"].as_str().unwrap().to_owned();
    let rule = json!({
        "Action": "ACCEPT", "Protocol": "ALL", "Port": "ALL",
        "SecurityGroupId": id("tke_security_group.it"),
    });
    context.outside().add_ingress(&id("tke_security_group.other"), &rule);
    context.configure("resource \"tke_security_group\" \"other\" {\n  name = \"other\"\n}\n");
    assert_text!(context.apply_errors(), @"");
    assert_ne!(context.attributes("tke_security_group.it"), Value::Null);
}
