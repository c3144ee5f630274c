//! `tke_security_group`.

use acceptance_tests::{Case, TestContext, lifecycle};
use serde_json::json;

#[test]
fn life() {
    lifecycle(&Case {
        address: "tke_security_group.it",
        around: "",
        created: r#"
            resource "tke_security_group" "it" {
              name        = "pods"
              description = "Pods of my-app"
              tags        = { team = "network" }
            }"#,
        updated: r#"
            resource "tke_security_group" "it" {
              name        = "renamed-pods"
              description = "Pods of any app"
              tags        = { team = "security", tier = "web" }
            }"#,
        updates: &["name", "description", "tags", "tags_all"],
        replaced: r#"
            resource "tke_security_group" "it" {
              name        = "renamed-pods"
              description = "Pods of any app"
              tags        = { team = "security", tier = "web" }
              region      = "ap-singapore"
            }"#,
        import_id: |group| group["id"].as_str().unwrap().to_owned(),
        drift: |outside, group| {
            let edited = json!({ "SecurityGroupId": group["id"], "GroupName": "edited" });
            outside.call("ModifySecurityGroupAttribute", edited);
        },
        drifts: &["name"],
        remove: |outside, group| {
            outside.call("DeleteSecurityGroup", json!({ "SecurityGroupId": group["id"] }));
        },
        request: "CreateSecurityGroup",
    });
}

#[test]
fn tags_come_from_the_resource_and_the_provider() {
    let context = TestContext::new();
    context.configure(
        r#"
        provider "tke" {
          default_tags = { tags = { team = "network", cost = "42" } }
        }
        resource "tke_security_group" "it" {
          name = "pods"
          tags = { team = "security" }
        }"#,
    );
    context.apply();
    context.plan().assert_empty();
    let group = context.attributes("tke_security_group.it");
    assert_eq!(group["tags"], json!({ "team": "security" }));
    assert_eq!(group["tags_all"], json!({ "team": "security", "cost": "42" }));
}

#[test]
fn a_group_in_another_region_is_imported_with_it() {
    let context = TestContext::new();
    context.configure(
        r#"
        resource "tke_security_group" "it" {
          name   = "pods"
          region = "ap-singapore"
        }"#,
    );
    context.apply();
    let id = context.attributes("tke_security_group.it")["id"].as_str().unwrap().to_owned();
    context.run("state rm tke_security_group.it");
    context.run(&format!("import -input=false tke_security_group.it ap-singapore/{id}"));
    context.plan().assert_empty();
}
