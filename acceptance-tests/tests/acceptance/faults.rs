//! Faults of configuration, cloud and cluster: each ends in a message that says what failed for
//! which object, why, and what to do; and the state is true afterwards.

use std::net::TcpListener;

use acceptance_tests::{TestContext, assert_text};
use serde_json::{Value, json};
use tke_sandbox::faults::{Fault, Injection};

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

const RULE: &str = r#"
resource "tke_security_group_rule" "it" {
  security_group_id = "sg-12345678"
  direction         = "ingress"
  action            = "ACCEPT"
  cidr_block        = "10.0.0.0/8"
}
"#;

/// An address of this machine without a listener.
fn closed_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The errors of `terraform apply`, which must leave neither an object nor a state of it.
#[track_caller]
fn refused(context: &TestContext, address: &str) -> String {
    let held = || {
        let side = if address.contains("policy") { "cluster" } else { "cloud" };
        context.sandbox_state().get(side).cloned()
    };
    let before = held();
    let errors = context.apply_errors();
    assert_eq!(held(), before, "something was done");
    assert_eq!(context.attributes(address), Value::Null);
    errors
}

#[test]
fn missing_or_incomplete_credentials_are_an_error() {
    let incomplete = format!("provider \"tke\" {{\n  secret_id = \"alone\"\n}}\n{GROUP}");
    let [missing, incomplete] = [GROUP, &incomplete].map(|hcl| {
        let mut context = TestContext::configured(hcl);
        context.unset("TENCENTCLOUD_SECRET_ID");
        context.unset("TENCENTCLOUD_SECRET_KEY");
        refused(&context, "tke_security_group.it")
    });
    assert_eq!(missing, incomplete);
    assert_text!(missing, @r#"
    Could not create security group `it`
      at tke_security_group.it: resource "tke_security_group" "it" {
    No Tencent Cloud credentials are configured.

    What to do: set `secret_id` and `secret_key` in the provider block, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in the environment.
    "#);
}

#[test]
fn missing_region_is_an_error() {
    let mut context = TestContext::configured(GROUP);
    context.unset("TENCENTCLOUD_REGION");
    assert_text!(refused(&context, "tke_security_group.it"), @r#"
    No region is configured
      at tke_security_group.it: resource "tke_security_group" "it" {
    Neither the resource, nor the provider block, nor the environment sets a region.

    What to do: set `region` in the provider block or the resource, or TENCENTCLOUD_REGION in the environment.
    "#);
}

#[test]
fn wrong_secret_key_is_an_error() {
    let mut context = TestContext::configured(GROUP);
    context.set("TENCENTCLOUD_SECRET_KEY", "not-the-key");
    let errors = refused(&context, "tke_security_group.it");
    assert!(!errors.contains("not-the-key"), "a secret is shown");
    assert_text!(errors, @r#"
    Could not create security group `it`
      at tke_security_group.it: resource "tke_security_group" "it" {
    DescribeSecurityGroups in ap-guangzhou failed (request [uuid]): AuthFailure.SignatureFailure: The provided credentials could not be validated. Please check your signature is correct.

    What to do: check `secret_id`, `secret_key` and `security_token` in the provider block or the environment, and the clock of this machine.
    "#);
}

#[test]
fn unreachable_cloud_ends_at_the_timeout() {
    let mut context = TestContext::configured(
        r#"
resource "tke_security_group" "it" {
  name     = "it"
  timeouts = { create = "3s" }
}
"#,
    );
    context.set("TKE_ENDPOINT", &closed_address());
    assert_text!(refused(&context, "tke_security_group.it"), @r#"
    Could not create security group `it`
      at tke_security_group.it: resource "tke_security_group" "it" {
    DescribeSecurityGroups in ap-guangzhou failed after 4 attempts: [sandbox] cannot be reached: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111).

    It was stopped because `timeouts.create` of 3s has passed.

    What to do: check the network, and `endpoints`, `domain` and `protocol` in the provider block or TKE_ENDPOINT, TENCENTCLOUD_DOMAIN and TENCENTCLOUD_PROTOCOL in the environment.
    "#);
}

#[test]
fn unreachable_cluster_ends_at_the_timeout() {
    let mut context = TestContext::configured(POLICY);
    context.set("KUBE_HOST", &closed_address());
    assert_text!(refused(&context, "tke_security_group_policy.it"), @r#"
    Could not create SecurityGroupPolicy my-namespace/it
      at tke_security_group_policy.it: resource "tke_security_group_policy" "it" {
    Cannot connect to http://[sandbox]: client error (Connect): tcp connect error: Connection refused (os error 111).

    It was stopped because `timeouts.create` of 3s has passed.

    What to do: check that the address is right and can be reached from where Terraform runs. A private endpoint can be reached only from within its VPC, and a public one must be enabled for the cluster first.
    "#);
    // The group was created before, and is known.
    assert_ne!(context.attributes("tke_security_group.it"), Value::Null);
    context.destroy();
}

#[test]
fn missing_cluster_configuration_is_an_error() {
    let mut context = TestContext::configured(POLICY);
    context.unset("KUBE_HOST");
    context.unset("KUBE_TOKEN");
    assert_text!(refused(&context, "tke_security_group_policy.it"), @r#"
    Could not create SecurityGroupPolicy my-namespace/it
      at tke_security_group_policy.it: resource "tke_security_group_policy" "it" {
    No cluster is configured.

    What to do: set `kubernetes` in the provider block, or KUBE_CONFIG_PATH or KUBE_HOST in the environment. The provider never picks a cluster by itself.
    "#);
}

#[test]
fn wrong_token_is_an_error_that_hides_it() {
    let mut context = TestContext::configured(POLICY);
    context.set("KUBE_TOKEN", "not-the-token");
    let errors = refused(&context, "tke_security_group_policy.it");
    assert!(!errors.contains("not-the-token"), "a secret is shown");
    assert_text!(errors, @r#"
    Could not create SecurityGroupPolicy my-namespace/it
      at tke_security_group_policy.it: resource "tke_security_group_policy" "it" {
    http://[sandbox] does not accept the credentials: Unauthorized.

    What to do: check that the token or the client certificate belongs to this cluster and has not expired.
    "#);
}

#[test]
fn rule_of_unknown_group_is_an_error_at_its_attribute() {
    let context = TestContext::configured(RULE);
    assert_text!(refused(&context, "tke_security_group_rule.it"), @r#"
    Could not create rule sg-[id]_ingress_accept_all_all_10.0.0.0/8
      at tke_security_group_rule.it: security_group_id = "sg-[id]"
    Security group sg-[id] does not exist.

    What to do: check the id and the region. If the group was deleted outside Terraform, run `terraform plan` again.
    "#);
}

#[test]
fn rule_with_unknown_peer_is_an_error_at_its_attribute() {
    let context = TestContext::configured(
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
    assert_text!(context.apply_errors(), @r#"
    Could not create rule sg-[id]_ingress_accept_all_all_sg-[id]
      at tke_security_group_rule.it: referenced_security_group_id = "sg-[id]"
    CreateSecurityGroupPolicies in ap-guangzhou failed (request [uuid]): ResourceNotFound: The security group `sg-[id]` does not exist.

    What to do: check the id and the region. If the object was deleted outside Terraform, run `terraform plan` again.
    "#);
    assert_eq!(context.attributes("tke_security_group_rule.it"), Value::Null);
}

#[test]
fn import_of_unknown_group_is_an_error() {
    let context = TestContext::configured(
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
    assert_text!(context.plan_errors(), @r"
    Could not import security_group `sg-[id]`
      at 
    No object has this id.

    What to do: compare the id with the form that the resource's page shows, and the region with that of the provider.
    ");
}

#[test]
fn import_of_malformed_or_unknown_id_is_an_error() {
    let rule = RULE.replace("\"sg-12345678\"", "tke_security_group.it.id");
    let context = TestContext::configured(&format!("{GROUP}{rule}"));
    context.apply();
    let group = context.attributes("tke_security_group.it")["id"].as_str().unwrap().to_owned();
    let import = |address: &str, id: &str| {
        context.write("import.tf", &format!("import {{\n  to = {address}\n  id = \"{id}\"\n}}\n"));
        context.configure(&format!("{POLICY}{RULE}"));
        context.plan_errors()
    };
    let rule = "tke_security_group_rule.it";
    context.run("state rm tke_security_group_rule.it");
    assert_text!(import(rule, &group), @"
    Could not import `sg-[id]`
      at 
    Expected the id of a rule, such as `sg-[id]_ingress_accept_tcp_80,443_10.0.0.0/8`.

    What to do: correct the id; the resource's documentation shows its form.
    ");
    assert_text!(import(rule, &format!("{group}_ingress_accept_tcp_80_10.0.0.0/8")), @"
    Could not import rule sg-[id]_ingress_accept_tcp_80_10.0.0.0/8
      at 
    The rule does not exist. The most similar rules of the group are:

      sg-[id]_ingress_accept_all_all_10.0.0.0/8

    What to do: correct the id.
    ");
    assert_text!(import(rule, &format!("{group}_egress_accept_tcp_80_10.0.0.0/8")), @"
    Could not import rule sg-[id]_egress_accept_tcp_80_10.0.0.0/8
      at 
    The rule does not exist, and the group has no rules of this direction.

    What to do: correct the id.
    ");
    assert_text!(import("tke_security_group_policy.it", "it"), @"
    Could not import `it`
      at 
    Expected `<namespace>/<name>`.

    What to do: correct the id; the resource's documentation shows its form.
    ");
    assert_text!(import("tke_security_group_policy.it", "my-namespace/it"), @r"
    Could not import security_group_policy `my-namespace/it`
      at 
    No object has this id.

    What to do: compare the id with the form that the resource's page shows, and the region with that of the provider.
    ");
}

#[test]
fn missing_definition_warns_at_plan_and_ends_at_the_timeout() {
    let context = TestContext::configured(POLICY);
    context.apply();
    context.sandbox().cluster().set_crd_installed(false);
    assert_text!(context.plan_warnings(), @r#"
    SecurityGroupPolicy my-namespace/it no longer exists: the cluster does not serve SecurityGroupPolicy
      at tke_security_group_policy.it: resource "tke_security_group_policy" "it" {
    The add-on SecurityGroupPolicy is not installed in this cluster. If it was removed, its objects were deleted, too.

    What to do: install the add-on. Apply waits for it until `timeouts.create` has passed.
    "#);
    assert_text!(refused(&context, "tke_security_group_policy.it"), @r#"
    Could not create SecurityGroupPolicy my-namespace/it
      at tke_security_group_policy.it: resource "tke_security_group_policy" "it" {
    Waited [duration], but the cluster has no matches for kind "SecurityGroupPolicy" in version "vpcresources.tke.cloud.tencent.com/v1beta1".

    It was stopped because `timeouts.create` of 3s has passed.

    What to do: install the add-on SecurityGroupPolicy in this cluster, and wait until its phase is Succeeded.
    "#);
    // The apply succeeds once the definition is installed.
    context.sandbox().cluster().set_crd_installed(true);
    context.apply();
    context.assert_no_changes();
}

#[test]
fn apply_goes_on_when_the_definition_is_installed() {
    let context = TestContext::configured(&POLICY.replace("\"3s\"", "\"1m\""));
    context.sandbox().cluster().set_crd_installed(false);
    let mut terraform = context.start("apply -auto-approve -input=false -no-color");
    context.wait_for("tke_security_group_policy.it: Creating...");
    context.sandbox().cluster().set_crd_installed(true);
    assert!(context.finish(&mut terraform));
    context.assert_no_changes();
}

#[test]
fn missing_namespace_ends_at_the_timeout() {
    let context = TestContext::configured(&POLICY.replace("my-namespace", "no-such-namespace"));
    assert_text!(refused(&context, "tke_security_group_policy.it"), @r#"
    Could not create SecurityGroupPolicy no-such-namespace/it
      at tke_security_group_policy.it: namespace          = "no-such-namespace"
    Waited [duration], but the namespace no-such-namespace does not exist.

    It was stopped because `timeouts.create` of 3s has passed.

    What to do: create the namespace first, or correct its name.
    "#);
}

#[test]
fn conflict_names_manager_and_fields_and_state_is_true() {
    let context = TestContext::configured(POLICY);
    context.apply();
    let change = json!({ "spec": { "podSelector": { "matchLabels": { "app": "their-app" } } } });
    context.out_of_band().edit_policy("my-namespace", "it", &change);
    let before = context.out_of_band().policy("my-namespace", "it");
    assert_text!(context.apply_errors(), @r#"
    Could not update SecurityGroupPolicy my-namespace/it
      at tke_security_group_policy.it: pod_selector       = { match_labels = { app = "my-app" } }
    `kubectl-edit` (Update) owns .spec.podSelector.matchLabels.app.

    What to do: remove these fields from the other tool, or set `force_conflicts = true` in `field_manager` to take them over.
    "#);
    // The state has the actual selector, not the planned one.
    let selector = context.attributes("tke_security_group_policy.it")["pod_selector"].clone();
    assert_eq!(selector["match_labels"], json!({ "app": "their-app" }));
    assert_eq!(context.out_of_band().policy("my-namespace", "it")["spec"], before["spec"]);
}

#[test]
fn create_of_existing_policy_fails_and_shows_its_import() {
    let context = TestContext::configured(POLICY);
    let spec = json!({
        "podSelector": { "matchLabels": { "app": "theirs" } },
        "securityGroups": { "groupIds": ["sg-theirs00"] },
    });
    context.out_of_band().create_policy("my-namespace", "it", &spec);
    assert_text!(refused(&context, "tke_security_group_policy.it"), @r#"
    Could not create SecurityGroupPolicy my-namespace/it
      at tke_security_group_policy.it: name               = "it"
    SecurityGroupPolicy my-namespace/it already exists.

    What to do: import it; the next apply then updates it:

    import {
      to = tke_security_group_policy.<name>
      id = "my-namespace/it"
    }
    "#);
    assert_eq!(context.out_of_band().policy("my-namespace", "it")["spec"], spec);
}

#[test]
fn throttled_calls_are_retried() {
    let context = TestContext::configured(GROUP);
    let fault = Injection { times: 3, ..Injection::new("CreateSecurityGroup", Fault::Throttle) };
    context.sandbox().faults().add(fault);
    context.apply();
    assert_eq!(context.sandbox().log().count("CreateSecurityGroup"), 4);
    context.assert_no_changes();
}

#[test]
fn server_errors_are_retried() {
    let context = TestContext::configured(POLICY);
    for request in ["DescribeSecurityGroups", "PATCH securitygrouppolicies"] {
        let fault = Injection { times: 2, ..Injection::new(request, Fault::ServerError) };
        context.sandbox().faults().add(fault);
    }
    context.apply();
    context.assert_no_changes();
}

#[test]
fn endless_throttling_ends_at_the_timeout() {
    let context = TestContext::configured(
        r#"
resource "tke_security_group" "it" {
  name     = "it"
  timeouts = { create = "3s" }
}
"#,
    );
    let fault = Injection { times: 100, ..Injection::new("CreateSecurityGroup", Fault::Throttle) };
    context.sandbox().faults().add(fault);
    assert_text!(refused(&context, "tke_security_group.it"), @r#"
    Could not create security group `it`
      at tke_security_group.it: resource "tke_security_group" "it" {
    CreateSecurityGroup in ap-guangzhou failed after 4 attempts (request [uuid]): RequestLimitExceeded: Your current request times equals to `51` in a second, which exceeds the frequency limit `50` for a second. Please reduce the frequency of calls.

    It was stopped because `timeouts.create` of 3s has passed.

    What to do: apply again later, or with a lower `-parallelism`. The call was tried 4 times.
    "#);
}

#[test]
fn denied_call_names_the_action_to_grant() {
    let context = TestContext::configured(GROUP);
    let message = "you are not authorized to perform operation (vpc:CreateSecurityGroup)";
    context.inject("CreateSecurityGroup", Fault::error("UnauthorizedOperation", message));
    assert_text!(refused(&context, "tke_security_group.it"), @r#"
    Could not create security group `it`
      at tke_security_group.it: resource "tke_security_group" "it" {
    CreateSecurityGroup in ap-guangzhou failed (request [uuid]): UnauthorizedOperation: you are not authorized to perform operation (vpc:CreateSecurityGroup).

    What to do: grant CreateSecurityGroup to this key in a CAM policy.
    "#);
}

#[test]
fn updates_and_deletes_with_lost_responses_succeed() {
    let context = TestContext::configured(GROUP);
    let before = context.sandbox_state();
    context.apply();
    context.configure(&GROUP.replace("\"it\"\n}", "\"renamed\"\n}"));
    let lose = |request: &str| {
        context.inject(request, Fault::LostResponse);
    };
    lose("ModifySecurityGroupAttribute");
    context.apply();
    context.assert_no_changes();
    lose("DeleteSecurityGroup");
    context.destroy();
    assert_eq!(context.sandbox_state(), before);
}

#[test]
fn delete_of_group_in_use_names_its_users() {
    let context = TestContext::configured(
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
    context.out_of_band().add_ingress(&id("tke_security_group.other"), &rule);
    context.configure("resource \"tke_security_group\" \"other\" {\n  name = \"other\"\n}\n");
    assert_text!(context.apply_errors(), @r#"
    Could not delete security group sg-[id]
      at 
    Security group sg-[id] is still in use after [duration]: referenced by rules in sg-[id]: DeleteSecurityGroup in ap-guangzhou failed (request [uuid]): ResourceInUse: The security group `sg-[id]` is referenced by rules.

    It was stopped because `timeouts.delete` of 3s has passed.

    What to do: detach the group from what uses it, or increase `timeouts.delete`. Pods keep a group until they are recreated. Set `references_on_delete = "remove"` to remove the rules of other groups.
    "#);
    assert_ne!(context.attributes("tke_security_group.it"), Value::Null);
}
