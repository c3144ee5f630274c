//! `tke_security_group_policy`.

use acceptance_tests::{Case, TestContext, assert_text, lifecycle};
use serde_json::{Value, json};
use tke_sandbox::faults::{Fault, Injection};

const GROUPS: &str = r#"
    resource "tke_security_group" "pods" {
      name = "pods"
    }
    resource "tke_security_group" "clients" {
      name = "database-clients"
    }"#;

#[test]
fn policy_lifecycle() {
    lifecycle(&Case {
        address: "tke_security_group_policy.it",
        dependencies: GROUPS,
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
        drift: |others, policy| {
            let mut groups = policy["security_group_ids"].as_array().unwrap().clone();
            groups.reverse();
            let change = json!({ "spec": { "securityGroups": { "groupIds": groups } } });
            others.edit_policy("my-namespace", "it", &change);
        },
        drifted: &["security_group_ids"],
        remove: |others, _: &Value| others.delete_policy("my-namespace", "it"),
        request: "PATCH securitygrouppolicies",
    });
}

#[test]
fn policy_is_planned_without_a_cluster() {
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
fn new_policy_is_planned_while_the_cluster_is_unknown() {
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
    context.assert_no_changes();
}

/// The policy `it` of all Pods of my-app, with these attributes besides.
fn policy(more: &str) -> String {
    format!(
        r#"{GROUPS}
        resource "tke_security_group_policy" "it" {{
          namespace          = "my-namespace"
          name               = "it"
          pod_selector       = {{ match_labels = {{ app = "my-app" }} }}
          security_group_ids = [tke_security_group.pods.id]
          {more}
        }}"#
    )
}

#[test]
fn out_of_band_change_is_a_warning_that_names_the_manager() {
    let context = TestContext::configured(&policy(""));
    context.apply();
    assert_eq!(context.plan_warnings(), "");

    // Who owns something, but says what the configuration says, is no news; nor are other labels.
    let same = json!({ "spec": { "podSelector": { "matchLabels": { "app": "my-app" } } } });
    context.out_of_band().edit_policy("my-namespace", "it", &same);
    let labels = json!({ "metadata": { "labels": { "theirs": "x" } } });
    context.out_of_band().edit_policy("my-namespace", "it", &labels);
    assert_eq!(context.plan_warnings(), "");

    let other = json!({ "spec": { "podSelector": { "matchLabels": { "app": "their-app" } } } });
    context.out_of_band().edit_policy("my-namespace", "it", &other);
    assert_text!(context.plan_warnings(), @r#"
    SecurityGroupPolicy my-namespace/it was changed outside Terraform
      at tke_security_group_policy.it: resource "tke_security_group_policy" "it" {
    `kubectl-edit` (Update at [time]) owns .spec.podSelector.matchLabels.app.

    What to do: change the configuration, or set `force_conflicts = true` in `field_manager` to take these fields back. Otherwise apply fails and leaves them unchanged.
    "#);
    context.configure(&policy("field_manager = { force_conflicts = true }"));
    context
        .plan()
        .assert_in_place("tke_security_group_policy.it", &["pod_selector", "field_manager"]);
    context.apply();
    assert_eq!(context.plan_warnings(), "");
    context.assert_no_changes();
}

#[test]
fn generation_is_unknown_only_when_the_spec_changes() {
    let context = TestContext::new();
    let generation = || {
        let plan = context.plan();
        let changes = plan.json["resource_changes"].as_array().cloned().unwrap();
        let is_ours = |change: &&Value| change["address"] == "tke_security_group_policy.it";
        let change = &changes.iter().find(is_ours).unwrap()["change"];
        assert_eq!(change["actions"], json!(["update"]));
        let unknown = change["after_unknown"]["generation"] == true;
        if unknown { Value::from("unknown") } else { change["after"]["generation"].clone() }
    };
    context.configure(&policy(""));
    context.apply();
    context.configure(&policy("labels = { team = \"network\" }"));
    assert_eq!(generation(), 1);
    context.apply();
    context.configure(&policy("field_manager = { force_conflicts = true }"));
    assert_eq!(generation(), 1);
    context.apply();
    context.assert_no_changes();
    context.configure(&policy("service_account_selector = { match_labels = { role = \"web\" } }"));
    assert_eq!(generation(), "unknown");
    context.apply();
    assert_eq!(context.attributes("tke_security_group_policy.it")["generation"], 2);
    context.assert_no_changes();
}

#[test]
fn renamed_field_manager_takes_its_fields_along() {
    let context = TestContext::new();
    let before = context.sandbox_state();
    context.configure(&policy(r#"labels = { team = "network", stage = "test" }"#));
    context.apply();
    context.configure(&policy(
        r#"labels        = { team = "security" }
           field_manager = { name = "platform-team" }"#,
    ));
    context.apply();
    context.assert_no_changes();
    let held = context.out_of_band().policy("my-namespace", "it");
    assert_eq!(held["metadata"]["labels"], json!({ "team": "security" }));

    context.configure(&policy(""));
    context.apply();
    context.assert_no_changes();
    let held = context.out_of_band().policy("my-namespace", "it");
    assert_eq!(held["metadata"]["labels"], Value::Null);
    context.destroy();
    assert_eq!(context.sandbox_state(), before);
}

#[test]
fn import_takes_the_labels_that_the_provider_owns() {
    let context = TestContext::configured(&policy(
        r#"labels      = { team = "network" }
           annotations = { "example.com/why" = "test" }"#,
    ));
    context.apply();
    let change = json!({ "metadata": { "labels": { "theirs": "x" } } });
    context.out_of_band().edit_policy("my-namespace", "it", &change);
    context.assert_no_changes();
    context.run("state rm tke_security_group_policy.it");
    context.run("import -input=false -no-color tke_security_group_policy.it my-namespace/it");
    context.assert_no_changes();
}

#[test]
fn every_form_of_selector_plans_no_changes() {
    for selector in [
        "pod_selector = {}",
        "pod_selector = { match_labels = {}, match_expressions = [] }",
        r#"pod_selector = { match_expressions = [{ key = "a", operator = "Exists" }] }"#,
        r#"pod_selector = { match_expressions = [{ key = "a", operator = "Exists", values = [] }] }"#,
        r#"service_account_selector = { match_labels = { a = "" } }"#,
    ] {
        let context = TestContext::new();
        let own = r#"pod_selector       = { match_labels = { app = "my-app" } }"#;
        context.configure(&policy("").replace(own, selector));
        context.apply();
        context.assert_no_changes();
        let change = json!({ "spec": { "podSelector": { "matchLabels": { "other": "x" } } } });
        context.out_of_band().edit_policy("my-namespace", "it", &change);
        context.plan().assert_in_place("tke_security_group_policy.it", &["pod_selector"]);
    }
}

#[test]
fn recreated_policy_is_neither_updated_nor_deleted() {
    let context = TestContext::configured(&policy(""));
    context.apply();
    context.out_of_band().delete_policy("my-namespace", "it");
    let spec = json!({
        "podSelector": { "matchLabels": { "app": "my-app" } },
        "securityGroups": { "groupIds": ["sg-theirs00"] },
    });
    context.out_of_band().create_policy("my-namespace", "it", &spec);
    context.plan().assert_actions("tke_security_group_policy.it", &["create"]);
    let errors = context.apply_errors();
    assert!(errors.contains("already exists") && errors.contains("import {"), "{errors}");
    context.destroy();
    assert_eq!(context.out_of_band().policy("my-namespace", "it")["spec"], spec);
}

#[test]
fn existing_policy_is_planned_from_state_while_the_cluster_is_unknown() {
    let context = TestContext::new();
    let host = |version: &str| {
        format!(
            r#"resource "terraform_data" "host" {{
              input            = "{}"
              triggers_replace = "{version}"
            }}
            provider "tke" {{
              kubernetes = {{
                host  = terraform_data.host.output
                token = "sandbox-token"
              }}
            }}"#,
            context.sandbox().url(),
        )
    };
    context.configure(&format!("{}\n{}", host("1"), policy("")));
    context.apply();
    context.configure(&format!("{}\n{}", host("2"), policy(r#"labels = { a = "b" }"#)));
    let plan = context.plan();
    plan.assert_actions("tke_security_group_policy.it", &["update"]);
    assert!(plan.text.contains("SecurityGroupPolicy my-namespace/it was not refreshed"));
    context.apply();
    context.assert_no_changes();
}

#[test]
fn labels_are_removed_after_a_failed_rename_of_the_field_manager() {
    let context = TestContext::configured(&policy(r#"labels = { team = "network" }"#));
    context.apply();
    // The new manager takes over the fields first. Then the old one releases them: this is refused.
    let refusal = Fault::error("Forbidden", "no");
    let refusal = Injection { skip: 1, ..Injection::new("PATCH securitygrouppolicies", refusal) };
    context.sandbox().faults().add(refusal);
    context.configure(&policy(
        r#"labels        = { team = "network" }
           field_manager = { name = "platform-team" }"#,
    ));
    assert!(!context.try_apply(), "the second write was not refused");

    context.configure(&policy(""));
    context.apply();
    context.assert_no_changes();
    let policy = context.out_of_band().policy("my-namespace", "it");
    assert_eq!(policy["metadata"]["labels"], Value::Null);
}
