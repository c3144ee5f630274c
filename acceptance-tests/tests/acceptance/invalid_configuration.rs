//! HCL that must fail, and what people read then.

use acceptance_tests::{TestContext, assert_text};

/// What `terraform plan` says of a configuration.
fn errors(hcl: &str) -> String {
    let context = TestContext::new();
    context.configure(hcl);
    context.plan_errors()
}

fn group(attributes: &str) -> String {
    errors(&format!("resource \"tke_security_group\" \"it\" {{\n{attributes}\n}}\n"))
}

fn rule(attributes: &str) -> String {
    errors(&format!(
        "resource \"tke_security_group_rule\" \"it\" {{\n  security_group_id = \"sg-12345678\"\n  \
         direction = \"ingress\"\n  action = \"ACCEPT\"\n{attributes}\n}}\n"
    ))
}

fn policy(attributes: &str) -> String {
    errors(&format!(
        "resource \"tke_security_group_policy\" \"it\" {{\n  name = \"it\"\n{attributes}\n}}\n"
    ))
}

fn provider(attributes: &str) -> String {
    errors(&format!(
        "provider \"tke\" {{\n{attributes}\n}}\nresource \"tke_security_group\" \"it\" {{\n  \
         name = \"it\"\n}}\n"
    ))
}

#[test]
fn security_group() {
    assert_text!(group(""), @"");
    assert_text!(group("  name = \"\""), @"");
    assert_text!(group(&format!("  name = \"{}\"", "n".repeat(61))), @"");
    assert_text!(group(&format!("  name = \"it\"\n  description = \"{}\"", "d".repeat(101))), @"");
    assert_text!(group("  name = \"it\"\n  project_id = -1"), @"");
    assert_text!(group("  name = \"it\"\n  tags = { \"qcs:team\" = \"network\" }"), @"");
    let value = "v".repeat(256);
    assert_text!(group(&format!("  name = \"it\"\n  tags = {{ team = \"{value}\" }}")), @"");
    assert_text!(group("  name = \"it\"\n  region = \"Guangzhou\""), @"");
    assert_text!(group("  name = \"it\"\n  references_on_delete = \"ignore\""), @"");
    assert_text!(group("  name = \"it\"\n  timeouts = { create = \"soon\" }"), @"");
}

#[test]
fn security_group_rule() {
    assert_text!(rule(""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  ipv6_cidr_block = \"::/0\""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.1/8\""), @"");
    assert_text!(rule("  cidr_block = \"0.0.0.0/8\""), @"");
    assert_text!(rule("  cidr_block = \"MY_PUBLIC_IP\""), @"");
    assert_text!(rule("  cidr_block = \"2001:db8::/32\""), @"");
    assert_text!(rule("  ipv6_cidr_block = \"10.0.0.0/8\""), @"");
    assert_text!(rule("  referenced_security_group_id = \"group\""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"SCTP\""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  port = \"443\""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"ICMP\"\n  port = \"443\""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"TCP\"\n  port = \"70000\""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"TCP\"\n  port = \"90-80\""), @"");
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"TCP\"\n  port = \"443,80\""), @"");
    assert_text!(rule("  ipv6_cidr_block = \"::/0\"\n  protocol = \"ICMP\""), @"");
    assert_text!(rule("  cidr_block = \"0.0.0.0/0\"\n  protocol = \"ICMPv6\""), @"");
    assert_text!(
        rule(&format!("  cidr_block = \"10.0.0.0/8\"\n  description = \"{}\"", "d".repeat(101))),
        @""
    );
    let words = "resource \"tke_security_group_rule\" \"it\" {\n  security_group_id = \"pods\"\n  \
                 direction = \"in\"\n  action = \"ALLOW\"\n  cidr_block = \"10.0.0.0/8\"\n}\n";
    assert_text!(errors(words), @"");
}

#[test]
fn security_group_policy() {
    let selector = "  pod_selector = { match_labels = { app = \"my-app\" } }\n";
    let groups = "  security_group_ids = [\"sg-12345678\"]\n";
    assert_text!(policy(groups), @"");
    assert_text!(policy(&format!("{selector}  security_group_ids = []\n")), @"");
    assert_text!(
        policy(&format!("{selector}  security_group_ids = [\"sg-12345678\", \"sg-12345678\"]\n")),
        @""
    );
    assert_text!(policy(&format!("{selector}  security_group_ids = [\"pods\"]\n")), @"");
    assert_text!(policy(&format!("{selector}{groups}  namespace = \"My_Namespace\"\n")), @"");
    assert_text!(
        policy(&format!(
            "{groups}  pod_selector = {{ match_expressions = [{{ key = \"tier\", operator = \
             \"Is\", values = [\"web\"] }}] }}\n"
        )),
        @""
    );
    assert_text!(
        policy(&format!(
            "{groups}  pod_selector = {{ match_expressions = [{{ key = \"tier\", operator = \
             \"In\" }}] }}\n"
        )),
        @""
    );
    assert_text!(
        policy(&format!(
            "{groups}  pod_selector = {{ match_expressions = [{{ key = \"tier\", operator = \
             \"Exists\", values = [\"web\"] }}] }}\n"
        )),
        @""
    );
    assert_text!(
        policy(&format!("{groups}  pod_selector = {{ match_labels = {{ \"a b\" = \"c d\" }} }}\n")),
        @""
    );
}

#[test]
fn security_group_policy_metadata() {
    let spec = "  pod_selector = {}\n  security_group_ids = [\"sg-12345678\"]\n";
    let it = |more: &str| policy(&format!("{spec}{more}\n"));
    assert_text!(it("  labels = { \"a b\" = \"c\" }"), @"");
    assert_text!(it("  annotations = { \"/a\" = \"c\" }"), @"");
    assert_text!(it("  field_manager = { name = \"\" }"), @"");
    let name = "resource \"tke_security_group_policy\" \"it\" {\n  name = \"My_Policy\"\n";
    assert_text!(errors(&format!("{name}{spec}}}\n")), @"");
}

#[test]
fn more_groups_than_usual_are_a_warning() {
    let context = TestContext::new();
    let ids: Vec<_> = (0..6).map(|n| format!("\"sg-0000000{n}\"")).collect();
    context.configure(&format!(
        "resource \"tke_security_group_policy\" \"it\" {{\n  name = \"it\"\n  pod_selector = {{}}\n  \
         security_group_ids = [{}]\n}}\n",
        ids.join(", ")
    ));
    assert_text!(context.plan_warnings(), @"");
}

#[test]
fn environment() {
    let mut context = TestContext::new();
    context.set("TENCENTCLOUD_PROTOCOL", "GOPHER");
    context.configure("resource \"tke_security_group\" \"it\" {\n  name = \"it\"\n}\n");
    assert_text!(context.plan_errors(), @"");
}

#[test]
fn provider_configuration() {
    assert_text!(provider("  protocol = \"GOPHER\""), @"");
    assert_text!(provider("  region = \"\""), @"");
    assert_text!(provider("  domain = \"https://example.com\""), @"");
    assert_text!(provider("  endpoints = { vpc = \"vpc.example.com/path?query\" }"), @"");
    assert_text!(provider("  kubernetes = { host = \"http://127.0.0.1\", config_path = \"k\" }"), @"");
    assert_text!(provider("  kubernetes = { host = \"http://127.0.0.1\", config_context = \"c\" }"), @"");
    assert_text!(provider("  kubernetes = { config_path = \"k\", token = \"t\" }"), @"");
    assert_text!(provider("  default_tags = { tags = { \"qcs:team\" = \"network\" } }"), @"");
}

#[test]
fn cluster() {
    assert_text!(errors("data \"tke_cluster\" \"it\" {\n}\n"), @"");
    assert_text!(errors("data \"tke_cluster\" \"it\" {\n  id = \"a\"\n  name = \"b\"\n}\n"), @"");
}
