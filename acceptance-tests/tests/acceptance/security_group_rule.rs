//! `tke_security_group_rule`.

use acceptance_tests::{Case, TestContext, assert_text, lifecycle};
use serde_json::{Value, json};
use tke_sandbox::{behaviour::Behaviour, seed::Seed};

const GROUP: &str = r#"
    resource "tke_security_group" "pods" {
      name = "pods"
    }"#;

#[test]
fn rule_lifecycle() {
    lifecycle(&Case {
        address: "tke_security_group_rule.it",
        dependencies: GROUP,
        created: r#"
            resource "tke_security_group_rule" "it" {
              security_group_id = tke_security_group.pods.id
              direction         = "ingress"
              action            = "ACCEPT"
              protocol          = "TCP"
              port              = "80"
              cidr_block        = "10.0.0.0/8"
              description       = "it"
            }"#,
        updated: r#"
            resource "tke_security_group_rule" "it" {
              security_group_id = tke_security_group.pods.id
              direction         = "ingress"
              action            = "DROP"
              protocol          = "UDP"
              port              = "443,8443"
              ipv6_cidr_block   = "2001:db8::/32"
              description       = "still it"
            }"#,
        updates: &["action", "protocol", "port", "cidr_block", "ipv6_cidr_block", "description"],
        replaced: r#"
            resource "tke_security_group_rule" "it" {
              security_group_id = tke_security_group.pods.id
              direction         = "egress"
              action            = "DROP"
              protocol          = "UDP"
              port              = "443,8443"
              ipv6_cidr_block   = "2001:db8::/32"
              description       = "still it"
            }"#,
        import_id: |rule| rule["id"].as_str().unwrap().to_owned(),
        drift: |others, rule| {
            others.edit_ingress(group(rule), "still it", &json!({ "Port": "444" }));
        },
        drifted: &["port"],
        remove: |others, rule| others.remove_ingress(group(rule), "still it"),
        request: "CreateSecurityGroupPolicies",
    });
}

/// The rule `it` of the group `pods` on a port, given as an expression, with these attributes besides.
fn rule(port: &str, attributes: &str) -> String {
    format!(
        r#"{GROUP}
        resource "tke_security_group_rule" "it" {{
          security_group_id = tke_security_group.pods.id
          direction         = "ingress"
          action            = "ACCEPT"
          protocol          = "TCP"
          port              = {port}
          cidr_block        = "10.0.0.0/8"
          {attributes}
        }}"#
    )
}

fn group(rule: &Value) -> &str {
    rule["security_group_id"].as_str().unwrap()
}

#[test]
fn spelling_of_the_configuration_is_kept() {
    let context = TestContext::configured(&format!(
        r#"{GROUP}
        resource "tke_security_group_rule" "it" {{
          security_group_id = tke_security_group.pods.id
          direction         = "ingress"
          action            = "accept"
          protocol          = "tcp"
          port              = "443"
          cidr_block        = "10.0.0.1/32"
        }}
        resource "tke_security_group_rule" "six" {{
          security_group_id = tke_security_group.pods.id
          direction         = "ingress"
          action            = "ACCEPT"
          ipv6_cidr_block   = "2001:DB8:0::/48"
        }}"#
    ));
    context.apply();
    context.assert_no_changes();
    let rule = context.attributes("tke_security_group_rule.it");
    assert_eq!(rule["action"], "accept");
    assert_eq!(rule["cidr_block"], "10.0.0.1/32");
    let id = rule["id"].as_str().unwrap();
    assert!(id.ends_with("_ingress_accept_tcp_443_10.0.0.1"), "{id}");
}

#[test]
fn updated_rule_keeps_its_position_among_others() {
    let context = TestContext::new();
    let rules = |second: &str| {
        let ports = format!(
            r#"for_each    = {{ first = "80", second = "{second}", third = "8080" }}
          description = each.key"#
        );
        rule("each.value", &ports)
    };
    context.configure(&rules("443"));
    context.apply();
    context.assert_no_changes();
    let group = context.attributes("tke_security_group.pods")["id"].as_str().unwrap().to_owned();
    let order = |field: &str| -> Vec<_> {
        context.out_of_band().ingress(&group).iter().map(|rule| rule[field].clone()).collect()
    };
    let before = order("PolicyDescription");

    context.configure(&rules("8443"));
    let plan = context.plan();
    plan.assert_in_place("tke_security_group_rule.it[\"second\"]", &["port"]);
    context.apply();
    assert_eq!(order("PolicyDescription"), before);
    assert!(order("Port").contains(&json!("8443")));
    context.assert_no_changes();
}

#[test]
fn create_of_existing_rule_fails_and_shows_its_import() {
    let context = TestContext::configured(GROUP);
    context.apply();
    let group = context.attributes("tke_security_group.pods")["id"].as_str().unwrap().to_owned();
    let theirs = json!({
        "Action": "ACCEPT", "Protocol": "TCP", "Port": "80", "CidrBlock": "10.0.0.0/8",
    });
    context.out_of_band().add_ingress(&group, &theirs);
    context.configure(&rule(r#""80""#, ""));
    assert_text!(context.apply_errors(), @r#"
    Could not create rule sg-[id]_ingress_accept_tcp_80_10.0.0.0/8
      at tke_security_group_rule.it: resource "tke_security_group_rule" "it" {
    Rule sg-[id]_ingress_accept_tcp_80_10.0.0.0/8 already exists.

    What to do: if another resource manages this rule, remove one of the two resources. Otherwise import the rule; the next apply then updates it:

    import {
      to = tke_security_group_rule.<name>
      id = "sg-[id]_ingress_accept_tcp_80_10.0.0.0/8"
    }
    "#);
    assert_eq!(context.attributes("tke_security_group_rule.it"), Value::Null);
    assert_eq!(context.out_of_band().ingress(&group).len(), 1);

    // What the message says to do works.
    let id = format!("{group}_ingress_accept_tcp_80_10.0.0.0/8");
    context.run(&format!("import -input=false tke_security_group_rule.it {id}"));
    context.assert_no_changes();
}

/// The reference documents a port, a list of ports, or a range; whether a list may hold a range is
/// not documented, so the provider lets the cloud decide.
#[test]
fn port_list_with_a_range_is_left_to_the_cloud() {
    let context = TestContext::configured(&rule(r#""443,8000-9000""#, ""));
    assert_text!(context.apply_errors(), @r#"
    Could not create rule sg-[id]_ingress_accept_tcp_443,8000-9000_10.0.0.0/8
      at tke_security_group_rule.it: port              = "443,8000-9000"
    CreateSecurityGroupPolicies in ap-guangzhou failed (request [uuid]): InvalidParameterValue: The value `443,8000-9000` of parameter `Port` is invalid: use 80, 80,443, 8000-8010 or ALL.

    What to do: correct the configuration as the message says. If it looks right, report this to the provider's authors with the text above.
    "#);
    assert_eq!(context.attributes("tke_security_group_rule.it"), Value::Null);

    let behaviour = Behaviour { ranges_in_port_lists: true, ..Behaviour::default() };
    let seed = Seed { behaviour: Some(behaviour), ..Seed::default() };
    context.sandbox().seed(seed).unwrap();
    context.apply();
    context.assert_no_changes();
}

#[test]
fn edited_rule_with_several_candidates_counts_as_deleted() {
    let context = TestContext::configured(&rule(r#""80""#, r#"description = "it""#));
    context.apply();
    let rule = context.attributes("tke_security_group_rule.it");
    context.out_of_band().remove_ingress(group(&rule), "it");
    for port in ["81", "82"] {
        let near = json!({
            "Action": "ACCEPT", "Protocol": "TCP", "Port": port, "CidrBlock": "10.0.0.0/8",
            "PolicyDescription": "it",
        });
        context.out_of_band().add_ingress(group(&rule), &near);
    }
    assert_text!(context.plan_warnings(), @r#"
    Rule sg-[id]_ingress_accept_tcp_80_10.0.0.0/8 no longer exists
      at tke_security_group_rule.it: resource "tke_security_group_rule" "it" {
    It was deleted, or changed into one of these rules:

      sg-[id]_ingress_accept_tcp_81_10.0.0.0/8
      sg-[id]_ingress_accept_tcp_82_10.0.0.0/8

    What to do: import the rule that it was changed into. Otherwise apply creates it again.
    "#);
    context.plan().assert_actions("tke_security_group_rule.it", &["create"]);
}

#[test]
fn update_to_the_content_of_another_rule_fails() {
    let context = TestContext::new();
    let rules = |first: &str| {
        rule("each.value", &format!(r#"for_each = {{ first = "{first}", second = "443" }}"#))
    };
    context.configure(&rules("80"));
    context.apply();
    let held = context.sandbox_state();
    context.configure(&rules("443"));
    assert_text!(context.apply_errors(), @r#"
    Could not update rule sg-[id]_ingress_accept_tcp_80_10.0.0.0/8
      at tke_security_group_rule.it["first"]: resource "tke_security_group_rule" "it" {
    Rule sg-[id]_ingress_accept_tcp_443_10.0.0.0/8 already exists.

    What to do: if another resource manages this rule, remove one of the two resources. Otherwise import the rule; the next apply then updates it:

    import {
      to = tke_security_group_rule.<name>
      id = "sg-[id]_ingress_accept_tcp_443_10.0.0.0/8"
    }
    "#);
    assert_eq!(context.sandbox_state(), held);
    let first = context.attributes("tke_security_group_rule.it[\"first\"]");
    assert_eq!(first["port"], "80");
}

#[test]
fn plan_of_100_rules_takes_two_calls() {
    let context = TestContext::configured(&rule("1000 + count.index", "count = 100"));
    context.apply();
    context.sandbox().log().clear();
    context.assert_no_changes();
    let log = context.sandbox().log();
    assert_eq!(log.count("DescribeSecurityGroups"), 1);
    assert_eq!(log.count("DescribeSecurityGroupPolicies"), 1);
    assert_eq!(log.entries().len(), 2);
}

#[test]
fn rules_can_trade_content_among_instances() {
    let context = TestContext::new();
    let rules = |instances: &str| rule("each.value", &format!("for_each = {{ {instances} }}"));
    context.configure(&rules(r#"a = "80", b = "443", c = "8080""#));
    context.apply();
    // One is renamed; the others take over the content of their neighbours.
    context.configure(&rules(r#"a = "443", b = "8080", d = "80""#));
    context.apply();
    context.assert_no_changes();
}

#[test]
fn removed_rule_is_not_mistaken_for_a_neighbor() {
    let context = TestContext::configured(GROUP);
    context.apply();
    let group = context.attributes("tke_security_group.pods")["id"].as_str().unwrap().to_owned();
    let theirs = json!({
        "Action": "ACCEPT", "Protocol": "TCP", "Port": "22", "CidrBlock": "10.0.0.0/8",
        "PolicyDescription": "by hand",
    });
    context.out_of_band().add_ingress(&group, &theirs);
    context.configure(&rule(r#""80""#, ""));
    context.apply();
    context.out_of_band().remove_ingress(&group, "");
    context.plan().assert_actions("tke_security_group_rule.it", &["create"]);
    context.apply();
    assert_eq!(context.out_of_band().ingress(&group).len(), 2);
    context.assert_no_changes();
}
