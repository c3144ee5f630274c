//! `tke_security_group`.

use acceptance_tests::{Case, TestContext, lifecycle};
use serde_json::json;
use tke_sandbox::faults::{Fault, Injection};

#[test]
fn group_lifecycle() {
    lifecycle(&Case {
        address: "tke_security_group.it",
        dependencies: "",
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
        drift: |others, group| {
            let edited = json!({ "SecurityGroupId": group["id"], "GroupName": "edited" });
            others.call("ModifySecurityGroupAttribute", edited);
        },
        drifted: &["name"],
        remove: |others, group| {
            others.call("DeleteSecurityGroup", json!({ "SecurityGroupId": group["id"] }));
        },
        request: "CreateSecurityGroup",
    });
}

#[test]
fn tags_all_merges_default_tags_and_tags() {
    let context = TestContext::configured(
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
fn group_of_another_region_is_imported_by_region_and_id() {
    let context = TestContext::configured(
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
fn changed_default_tags_leave_foreign_tags_alone() {
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
        let held = context
            .out_of_band()
            .call("DescribeSecurityGroups", json!({ "SecurityGroupIds": [id] }));
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
fn changed_provider_region_moves_no_group() {
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
fn existing_group_of_the_same_name_is_a_warning() {
    let context = TestContext::new();
    let left = json!({ "GroupName": "pods", "GroupDescription": "of the shop" });
    let left = context.out_of_band().call("CreateSecurityGroup", left);
    let group = |name: &str| {
        format!(
            "resource \"tke_security_group\" \"{name}\" {{\n  name        = \"pods\"\n  \
             description = \"of the shop\"\n}}\n"
        )
    };
    context.configure(&format!("{}{}", group("one"), group("two")));
    let printed = context.apply();
    assert!(printed.contains("Another security group named `pods` already exists"), "{printed}");
    // Each names the one that was there before, and not its twin.
    assert!(printed.contains("(and one more similar warning elsewhere)"), "{printed}");
    let id = left["SecurityGroup"]["SecurityGroupId"].as_str().unwrap();
    assert!(printed.contains(&format!("{id}.")), "{printed}");
    context.assert_no_changes();
}

#[test]
fn tags_of_a_failed_update_are_in_the_state() {
    let tags = (1..=14).map(|n| format!("t{n:02} = \"x\"")).collect::<Vec<_>>().join(", ");
    let group = |tags: &str| {
        format!(
            "resource \"tke_security_group\" \"it\" {{\n  name = \"pods\"\n  tags = {{ {tags} }}\n}}\n"
        )
    };
    let context = TestContext::configured(&group(""));
    context.apply();
    // Ten tags go into one call, so the second call is refused.
    let refusal = Fault::error("FailedOperation", "no");
    let refusal = Injection { skip: 1, ..Injection::new("ModifyResourceTags", refusal) };
    context.sandbox().faults().add(refusal);
    context.configure(&group(&tags));
    assert!(!context.try_apply(), "the second call was not refused");

    context.configure(&group(""));
    let plan = context.plan();
    plan.assert_in_place("tke_security_group.it", &["tags", "tags_all"]);
    assert!(plan.text.contains("t10"), "{}", plan.text);
    context.apply();
    context.assert_no_changes();
}

#[test]
fn default_tags_known_after_apply_are_planned_as_unknown() {
    let context = TestContext::new();
    let configure = |run: &str| {
        context.configure(&format!(
            r#"
            resource "terraform_data" "run" {{
              input = "{run}"
            }}
            provider "tke" {{
              default_tags = {{ tags = {{ run = terraform_data.run.output }} }}
            }}
            resource "tke_security_group" "it" {{
              name = "pods"
            }}"#
        ));
    };
    configure("1");
    context.apply();
    context.assert_no_changes();
    configure("2");
    let plan = context.plan();
    plan.assert_actions("tke_security_group.it", &["update"]);
    let changes = plan.json["resource_changes"].as_array().unwrap();
    let group = changes.iter().find(|change| change["address"] == "tke_security_group.it");
    assert_eq!(group.unwrap()["change"]["after_unknown"]["tags_all"], true, "{}", plan.text);
    context.apply();
    context.assert_no_changes();
    let group = context.attributes("tke_security_group.it");
    assert_eq!(group["tags_all"], json!({ "run": "2" }));
}
