//! `tke_security_group_policy`.

use acceptance_tests::{Case, TestContext, lifecycle};
use serde_json::{Value, json};

const GROUPS: &str = r#"
    resource "tke_security_group" "pods" {
      name = "pods"
    }
    resource "tke_security_group" "clients" {
      name = "database-clients"
    }"#;

#[test]
fn life() {
    lifecycle(&Case {
        address: "tke_security_group_policy.it",
        around: GROUPS,
        created: r#"
            resource "tke_security_group_policy" "it" {
              namespace          = "my-namespace"
              name               = "it"
              pod_selector       = { match_labels = { app = "my-app" } }
              security_group_ids = [tke_security_group.pods.id]
            }"#,
        updated: r#"
            resource "tke_security_group_policy" "it" {
              namespace = "my-namespace"
              name      = "it"
              pod_selector = {
                match_labels      = { app = "my-app" }
                match_expressions = [{ key = "tier", operator = "In", values = ["web"] }]
              }
              service_account_selector = { match_labels = { role = "web" } }
              security_group_ids       = [tke_security_group.clients.id, tke_security_group.pods.id]
              labels                   = { team = "network" }
              annotations              = { "example.com/why" = "test" }
              field_manager            = { force_conflicts = true }
            }"#,
        updates: &[
            "pod_selector",
            "service_account_selector",
            "security_group_ids",
            "labels",
            "annotations",
            "field_manager",
        ],
        replaced: r#"
            resource "tke_security_group_policy" "it" {
              namespace          = "default"
              name               = "it"
              pod_selector       = { match_labels = { app = "my-app" } }
              security_group_ids = [tke_security_group.pods.id]
            }"#,
        import_id: |policy| policy["id"].as_str().unwrap().to_owned(),
        drift: |outside, policy| {
            let mut groups = policy["security_group_ids"].as_array().unwrap().clone();
            groups.reverse();
            let change = json!({ "spec": { "securityGroups": { "groupIds": groups } } });
            outside.edit_policy("my-namespace", "it", &change);
        },
        drifts: &["security_group_ids"],
        remove: |outside, _: &Value| outside.delete_policy("my-namespace", "it"),
        request: "PATCH securitygrouppolicies",
    });
}

#[test]
fn a_policy_is_planned_without_a_cluster() {
    let mut context = TestContext::new();
    context.unset("KUBE_HOST");
    context.unset("KUBE_TOKEN");
    context.configure(&format!(
        r#"{GROUPS}
        resource "tke_security_group_policy" "it" {{
          namespace          = "my-namespace"
          name               = "it"
          pod_selector       = {{ match_labels = {{ app = "my-app" }} }}
          security_group_ids = [tke_security_group.pods.id]
        }}"#
    ));
    context.plan().assert_actions("tke_security_group_policy.it", &["create"]);
}

#[test]
fn a_cluster_that_is_not_known_yet_can_be_planned_on() {
    let context = TestContext::new();
    context.configure(&format!(
        r#"{GROUPS}
        resource "terraform_data" "host" {{
          input = "{}"
        }}
        provider "tke" {{
          kubernetes = {{
            host  = terraform_data.host.output
            token = "sandbox-token"
          }}
        }}
        resource "tke_security_group_policy" "it" {{
          namespace          = "my-namespace"
          name               = "it"
          pod_selector       = {{ match_labels = {{ app = "my-app" }} }}
          security_group_ids = [tke_security_group.pods.id]
        }}"#,
        context.sandbox().url(),
    ));
    context.plan().assert_actions("tke_security_group_policy.it", &["create"]);
    context.apply();
    context.plan().assert_empty();
}
