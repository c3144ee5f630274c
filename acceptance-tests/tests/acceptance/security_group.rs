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
    context.assert_no_changes();
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
    context.assert_no_changes();
}

#[test]
fn default_tags_can_change_and_go_and_tags_of_others_stay() {
    let context = TestContext::new();
    let configure = |default: &str, own: &str| {
        context.configure(&format!(
            r#"
            provider "tke" {{
              {default}
            }}
            resource "tke_security_group" "it" {{
              name = "pods"
              {own}
            }}"#
        ));
    };
    let own = r#"tags = { tier = "web" }"#;
    configure(r#"default_tags = { tags = { team = "network", cost = "42" } }"#, own);
    context.apply();
    let id = context.attributes("tke_security_group.it")["id"].as_str().unwrap().to_owned();
    context.run("state rm tke_security_group.it");
    context.run(&format!("import -input=false tke_security_group.it {id}"));
    context.assert_no_changes();

    let theirs = json!({
        "Resource": format!("qcs::cvm:ap-guangzhou:uin/:sg/{id}"),
        "ReplaceTags": [{ "TagKey": "theirs", "TagValue": "x" }],
    });
    context.sandbox().call("tag", "ModifyResourceTags", "ap-guangzhou", theirs).unwrap();
    context.assert_no_changes();
    let tags = || {
        let held =
            context.outside().call("DescribeSecurityGroups", json!({ "SecurityGroupIds": [id] }));
        let tags = held["SecurityGroupSet"][0]["TagSet"].as_array().unwrap().clone();
        let mut tags: Vec<_> =
            tags.iter().map(|tag| format!("{}={}", tag["Key"], tag["Value"])).collect();
        tags.sort();
        tags.join(" ").replace('"', "")
    };
    for (default, own, expected) in [
        (r#"default_tags = { tags = { cost = "43" } }"#, own, "cost=43 theirs=x tier=web"),
        ("", own, "theirs=x tier=web"),
        (r#"default_tags = { tags = { cost = "1" } }"#, "", "cost=1 theirs=x"),
        ("", "tags = {}", "theirs=x"),
        ("", "", "theirs=x"),
    ] {
        configure(default, own);
        context.apply();
        context.assert_no_changes();
        assert_eq!(tags(), expected);
    }
}

#[test]
fn another_region_in_the_provider_moves_nothing() {
    let context = TestContext::new();
    let group = r#"
        resource "tke_security_group" "it" {
          name = "pods"
        }
        resource "tke_security_group_rule" "it" {
          security_group_id = tke_security_group.it.id
          direction         = "ingress"
          action            = "ACCEPT"
          cidr_block        = "10.0.0.0/8"
        }"#;
    context.configure(group);
    context.apply();
    context.configure(&format!("provider \"tke\" {{\n  region = \"ap-singapore\"\n}}\n{group}"));
    context.assert_no_changes();
    assert_eq!(context.attributes("tke_security_group.it")["region"], "ap-guangzhou");
}

#[test]
fn a_group_that_looks_the_same_is_told() {
    let context = TestContext::new();
    let left = json!({ "GroupName": "pods", "GroupDescription": "of the shop" });
    let left = context.outside().call("CreateSecurityGroup", left);
    let group = |name: &str| {
        format!(
            "resource \"tke_security_group\" \"{name}\" {{\n  name        = \"pods\"\n  \
             description = \"of the shop\"\n}}\n"
        )
    };
    context.configure(&format!("{}{}", group("one"), group("two")));
    let printed = context.apply();
    assert!(printed.contains("Another security group `pods` existed already"), "{printed}");
    // Each names the one that was there before, and not its twin.
    assert!(printed.contains("(and one more similar warning elsewhere)"), "{printed}");
    let id = left["SecurityGroup"]["SecurityGroupId"].as_str().unwrap();
    assert!(printed.contains(&format!("are the same: {id}. It may be")), "{printed}");
    context.assert_no_changes();
}
