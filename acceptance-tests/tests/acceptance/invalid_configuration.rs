//! HCL that must fail, and what people read then.

use acceptance_tests::{TestContext, assert_text};

/// What `terraform plan` says of a configuration.
fn errors(hcl: &str) -> String {
    let context = TestContext::configured(hcl);
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
fn security_group_with_invalid_attributes_is_refused() {
    assert_text!(group(""), @r#"
    Missing required argument
      at resource "tke_security_group" "it" {
    The argument "name" is required, but no definition was found.
    "#);
    assert_text!(group("  name = \"\""), @r#"
    Invalid value of `name`
      at tke_security_group.it: name = ""
    Must have 1 to 60 characters, but has 0.
    "#);
    assert_text!(group(&format!("  name = \"{}\"", "n".repeat(61))), @r#"
    Invalid value of `name`
      at tke_security_group.it: name = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    Must have 1 to 60 characters, but has 61.
    "#);
    assert_text!(group(&format!("  name = \"it\"\n  description = \"{}\"", "d".repeat(101))), @r#"
    Invalid value of `description`
      at tke_security_group.it: description = "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
    Must have at most 100 characters, but has 101.
    "#);
    assert_text!(group("  name = \"it\"\n  project_id = -1"), @"
    Invalid value of `project_id`
      at tke_security_group.it: project_id = -1
    Must be a whole number from 0 to 18446744073709551615.
    ");
    assert_text!(group("  name = \"it\"\n  tags = { \"qcs:team\" = \"network\" }"), @r#"
    Invalid value of `tags["qcs:team"]`
      at tke_security_group.it: tags = { "qcs:team" = "network" }
    Keys that begin with `qcs:` are reserved by the service.
    "#);
    let value = "v".repeat(256);
    assert_text!(group(&format!("  name = \"it\"\n  tags = {{ team = \"{value}\" }}")), @r#"
    Invalid value of `tags["team"]`
      at tke_security_group.it: tags = { team = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv" }
    A tag's value has at most 255 characters.
    "#);
    assert_text!(group("  name = \"it\"\n  region = \"Guangzhou\""), @r#"
    Invalid value of `region`
      at tke_security_group.it: region = "Guangzhou"
    Expected a region, such as `ap-guangzhou`.
    "#);
    assert_text!(group("  name = \"it\"\n  references_on_delete = \"ignore\""), @r#"
    Invalid value of `references_on_delete`
      at tke_security_group.it: references_on_delete = "ignore"
    Must be one of `fail`, `remove`.
    "#);
    assert_text!(group("  name = \"it\"\n  timeouts = { create = \"soon\" }"), @r#"
    Invalid value of `timeouts.create`
      at tke_security_group.it: timeouts = { create = "soon" }
    Must be a duration greater than zero, such as `90s`, `1.5h` or `1h30m`.
    "#);
}

#[test]
fn security_group_rule_with_invalid_attributes_is_refused() {
    assert_text!(rule(""), @r#"
    Exactly one of `cidr_block`, `ipv6_cidr_block` and `referenced_security_group_id` is required
      at tke_security_group_rule.it: resource "tke_security_group_rule" "it" {
    None of them is set.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  ipv6_cidr_block = \"::/0\""), @r#"
    `cidr_block` and `ipv6_cidr_block` cannot be set together
      at tke_security_group_rule.it: ipv6_cidr_block = "::/0"
    Only one of them may be set.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.1/8\""), @r#"
    Invalid value of `cidr_block`
      at tke_security_group_rule.it: cidr_block = "10.0.0.1/8"
    `10.0.0.1/8` has bits set beyond its prefix length; write `10.0.0.0/8` for the block or `10.0.0.1` for the address.
    "#);
    assert_text!(rule("  cidr_block = \"0.0.0.0/8\""), @r#"
    Invalid value of `cidr_block`
      at tke_security_group_rule.it: cidr_block = "0.0.0.0/8"
    The service treats `0.0.0.0/8` as every address; write `0.0.0.0/0` if you mean that.
    "#);
    assert_text!(rule("  cidr_block = \"MY_PUBLIC_IP\""), @r#"
    Invalid value of `cidr_block`
      at tke_security_group_rule.it: cidr_block = "MY_PUBLIC_IP"
    `MY_PUBLIC_IP` is a different address on every machine; write the address itself.
    "#);
    assert_text!(rule("  cidr_block = \"2001:db8::/32\""), @r#"
    Invalid value of `cidr_block`
      at tke_security_group_rule.it: cidr_block = "2001:db8::/32"
    Expected an IPv4 address or block, such as `10.0.0.0/8`.
    "#);
    assert_text!(rule("  ipv6_cidr_block = \"10.0.0.0/8\""), @r#"
    Invalid value of `ipv6_cidr_block`
      at tke_security_group_rule.it: ipv6_cidr_block = "10.0.0.0/8"
    Expected an IPv6 address or block, such as `2001:db8::/32`.
    "#);
    assert_text!(rule("  referenced_security_group_id = \"group\""), @r#"
    Invalid value of `referenced_security_group_id`
      at tke_security_group_rule.it: referenced_security_group_id = "group"
    Expected the id of a security group, such as `sg-[id]`.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"SCTP\""), @r#"
    Invalid value of `protocol`
      at tke_security_group_rule.it: protocol = "SCTP"
    Expected one of TCP, UDP, ICMP, ICMPv6, GRE, ALL.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  port = \"443\""), @r#"
    Invalid value of `port`
      at tke_security_group_rule.it: port = "443"
    Only TCP and UDP have ports; with protocol ALL the port is `ALL`.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"ICMP\"\n  port = \"443\""), @r#"
    Invalid value of `port`
      at tke_security_group_rule.it: port = "443"
    Only TCP and UDP have ports; with protocol ICMP the port is `ALL`.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"TCP\"\n  port = \"70000\""), @r#"
    Invalid value of `port`
      at tke_security_group_rule.it: port = "70000"
    Expected ports from 0 to 65535, such as `443`, `80,443` or `8000-9000`, or `ALL`.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"TCP\"\n  port = \"90-80\""), @r#"
    Invalid value of `port`
      at tke_security_group_rule.it: port = "90-80"
    The range `90-80` is reversed; write `80-90`.
    "#);
    assert_text!(rule("  cidr_block = \"10.0.0.0/8\"\n  protocol = \"TCP\"\n  port = \"443,80\""), @r#"
    Invalid value of `port`
      at tke_security_group_rule.it: port = "443,80"
    Ports must be in ascending order, but `443` comes before `80`.
    "#);
    assert_text!(rule("  ipv6_cidr_block = \"::/0\"\n  protocol = \"ICMP\""), @r#"
    Invalid value of `protocol`
      at tke_security_group_rule.it: protocol = "ICMP"
    ICMP is IPv4 only; an IPv6 block takes ICMPv6.
    "#);
    assert_text!(rule("  cidr_block = \"0.0.0.0/0\"\n  protocol = \"ICMPv6\""), @r#"
    Invalid value of `protocol`
      at tke_security_group_rule.it: protocol = "ICMPv6"
    ICMPv6 is IPv6 only; an IPv4 block takes ICMP.
    "#);
    assert_text!(
        rule(&format!("  cidr_block = \"10.0.0.0/8\"\n  description = \"{}\"", "d".repeat(101))),
        @r#"
    Invalid value of `description`
      at tke_security_group_rule.it: description = "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
    Must have at most 100 characters, but has 101.
    "#
    );
    let words = "resource \"tke_security_group_rule\" \"it\" {\n  security_group_id = \"pods\"\n  \
                 direction = \"in\"\n  action = \"ALLOW\"\n  cidr_block = \"10.0.0.0/8\"\n}\n";
    assert_text!(errors(words), @r#"
    Invalid value of `action`
      at tke_security_group_rule.it: action = "ALLOW"
    Expected one of ACCEPT, DROP.

    Invalid value of `direction`
      at tke_security_group_rule.it: direction = "in"
    Expected one of ingress, egress.

    Invalid value of `security_group_id`
      at tke_security_group_rule.it: security_group_id = "pods"
    Expected the id of a security group, such as `sg-[id]`.
    "#);
}

#[test]
fn security_group_policy_with_invalid_attributes_is_refused() {
    let selector = "  pod_selector = { match_labels = { app = \"my-app\" } }\n";
    let groups = "  security_group_ids = [\"sg-12345678\"]\n";
    assert_text!(policy(groups), @r#"
    At least one of `pod_selector` and `service_account_selector` is required
      at tke_security_group_policy.it: resource "tke_security_group_policy" "it" {
    None of them is set.
    "#);
    assert_text!(policy(&format!("{selector}  security_group_ids = []\n")), @r"
    Invalid value of `security_group_ids`
      at tke_security_group_policy.it: security_group_ids = []
    Must have at least 1 element, but has 0.
    ");
    assert_text!(
        policy(&format!("{selector}  security_group_ids = [\"sg-12345678\", \"sg-12345678\"]\n")),
        @r#"
    Invalid value of `security_group_ids[1]`
      at tke_security_group_policy.it: security_group_ids = ["sg-[id]", "sg-[id]"]
    Duplicate of an earlier element.
    "#
    );
    assert_text!(policy(&format!("{selector}  security_group_ids = [\"pods\"]\n")), @r#"
    Invalid value of `security_group_ids[0]`
      at tke_security_group_policy.it: security_group_ids = ["pods"]
    Expected the id of a security group, such as `sg-[id]`.
    "#);
    assert_text!(policy(&format!("{selector}{groups}  namespace = \"My_Namespace\"\n")), @r#"
    Invalid value of `namespace`
      at tke_security_group_policy.it: namespace = "My_Namespace"
    Expected lower case letters, digits and `-`, with a letter or digit at both ends.
    "#);
    assert_text!(
        policy(&format!(
            "{groups}  pod_selector = {{ match_expressions = [{{ key = \"tier\", operator = \
             \"Is\", values = [\"web\"] }}] }}\n"
        )),
        @r#"
    Invalid value of `pod_selector.match_expressions[0].operator`
      at tke_security_group_policy.it: pod_selector = { match_expressions = [{ key = "tier", operator = "Is", values = ["web"] }] }
    Must be one of `In`, `NotIn`, `Exists`, `DoesNotExist`.
    "#
    );
    assert_text!(
        policy(&format!(
            "{groups}  pod_selector = {{ match_expressions = [{{ key = \"tier\", operator = \
             \"In\" }}] }}\n"
        )),
        @r#"
    Invalid value of `pod_selector.match_expressions[0].values`
      at tke_security_group_policy.it: pod_selector = { match_expressions = [{ key = "tier", operator = "In" }] }
    `In` needs at least one value.
    "#
    );
    assert_text!(
        policy(&format!(
            "{groups}  pod_selector = {{ match_expressions = [{{ key = \"tier\", operator = \
             \"Exists\", values = [\"web\"] }}] }}\n"
        )),
        @r#"
    Invalid value of `pod_selector.match_expressions[0].values`
      at tke_security_group_policy.it: pod_selector = { match_expressions = [{ key = "tier", operator = "Exists", values = ["web"] }] }
    `Exists` takes no values.
    "#
    );
    assert_text!(
        policy(&format!("{groups}  pod_selector = {{ match_labels = {{ \"a b\" = \"c\" }} }}\n")),
        @r#"
    Invalid value of `pod_selector.match_labels["a b"]`
      at tke_security_group_policy.it: pod_selector = { match_labels = { "a b" = "c" } }
    Expected letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
    "#
    );
    assert_text!(
        policy(&format!("{groups}  pod_selector = {{ match_labels = {{ app = \"my app\" }} }}\n")),
        @r#"
    Invalid value of `pod_selector.match_labels["app"]`
      at tke_security_group_policy.it: pod_selector = { match_labels = { app = "my app" } }
    Expected letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
    "#
    );
}

#[test]
fn security_group_policy_with_invalid_metadata_is_refused() {
    let spec = "  pod_selector = {}\n  security_group_ids = [\"sg-12345678\"]\n";
    let it = |more: &str| policy(&format!("{spec}{more}\n"));
    assert_text!(it("  labels = { \"a b\" = \"c\" }"), @r#"
    Invalid value of `labels["a b"]`
      at tke_security_group_policy.it: labels = { "a b" = "c" }
    Expected letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
    "#);
    assert_text!(it("  labels = { app = \"my app\" }"), @r#"
    Invalid value of `labels["app"]`
      at tke_security_group_policy.it: labels = { app = "my app" }
    Expected letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
    "#);
    assert_text!(it("  annotations = { \"/a\" = \"c\" }"), @r#"
    Invalid value of `annotations["/a"]`
      at tke_security_group_policy.it: annotations = { "/a" = "c" }
    Prefix before the slash: expected 1 to 253 characters, not 0.
    "#);
    assert_text!(it("  field_manager = { name = \"\" }"), @r#"
    Invalid value of `field_manager.name`
      at tke_security_group_policy.it: field_manager = { name = "" }
    Expected 1 to 128 characters, not 0.
    "#);
    let name = "resource \"tke_security_group_policy\" \"it\" {\n  name = \"My_Policy\"\n";
    assert_text!(errors(&format!("{name}{spec}}}\n")), @r#"
    Invalid value of `name`
      at tke_security_group_policy.it: name = "My_Policy"
    Expected lower case letters, digits, `-` and `.`, with a letter or digit at both ends of each part between dots.
    "#);
}

#[test]
fn policy_with_more_groups_than_usual_is_a_warning() {
    let context = TestContext::new();
    let ids: Vec<_> = (0..6).map(|n| format!("\"sg-0000000{n}\"")).collect();
    context.configure(&format!(
        "resource \"tke_security_group_policy\" \"it\" {{\n  name = \"it\"\n  pod_selector = {{}}\n  \
         security_group_ids = [{}]\n}}\n",
        ids.join(", ")
    ));
    assert_text!(context.plan_warnings(), @r#"
    The policy lists more security groups than a Pod usually takes
      at tke_security_group_policy.it: security_group_ids = ["sg-[id]", "sg-[id]", "sg-[id]", "sg-[id]", "sg-[id]", "sg-[id]"]
    It lists 6 groups; the cluster may refuse more than 5.

    What to do: merge rules into fewer groups, if the cluster refuses the policy.

    The policy lists more security groups than a Pod usually takes
      at tke_security_group_policy.it: security_group_ids = ["sg-[id]", "sg-[id]", "sg-[id]", "sg-[id]", "sg-[id]", "sg-[id]"]
    It lists 6 groups; the cluster may refuse more than 5.

    What to do: merge rules into fewer groups, if the cluster refuses the policy.
    "#);
}

#[test]
fn invalid_environment_variable_is_refused() {
    let mut context = TestContext::new();
    context.set("TENCENTCLOUD_PROTOCOL", "GOPHER");
    context.configure("resource \"tke_security_group\" \"it\" {\n  name = \"it\"\n}\n");
    assert_text!(context.plan_errors(), @r#"
    Invalid provider configuration
      at 
    Provider "registry.terraform.io/terraform-provider-tke/tke" requires explicit configuration. Add a provider block to the root module and configure the provider's required arguments as described in the provider documentation.


    Invalid value of TENCENTCLOUD_PROTOCOL in the environment
      at provider["registry.terraform.io/terraform-provider-tke/tke"]
    Expected `HTTPS` or `HTTP`.

    What to do: correct the variable, or set the attribute in the provider block instead.
    "#);
}

#[test]
fn invalid_provider_configuration_is_refused() {
    assert_text!(provider("  protocol = \"GOPHER\""), @r#"
    Invalid value of `protocol`
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: protocol = "GOPHER"
    Expected `HTTPS` or `HTTP`.
    "#);
    assert_text!(provider("  region = \"\""), @r#"
    Invalid value of `region`
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: region = ""
    Expected a region, such as `ap-guangzhou`.
    "#);
    assert_text!(provider("  domain = \"https://example.com\""), @r#"
    Invalid value of `domain`
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: domain = "https://example.com"
    Expected a domain, such as `internal.tencentcloudapi.com`.
    "#);
    assert_text!(provider("  endpoints = { vpc = \"vpc.example.com/path?query\" }"), @r#"
    Invalid value of `endpoints.vpc`
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: endpoints = { vpc = "vpc.example.com/path?query" }
    Expected a host with or without scheme and port, such as `vpc.tencentcloudapi.com` or `http://[sandbox]`, and nothing else.
    "#);
    assert_text!(provider("  kubernetes = { host = \"http://127.0.0.1\", config_path = \"k\" }"), @r#"
    Conflicting ways to reach the cluster
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: kubernetes = { host = "http://127.0.0.1", config_path = "k" }
    `config_path` and `host` are two ways to reach a cluster.

    What to do: remove one of the two.
    "#);
    assert_text!(provider("  kubernetes = { host = \"http://127.0.0.1\", config_context = \"c\" }"), @r#"
    Conflicting ways to reach the cluster
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: kubernetes = { host = "http://127.0.0.1", config_context = "c" }
    `config_context` belongs to `config_path`, not to `host`.

    What to do: remove one of the two.
    "#);
    assert_text!(provider("  kubernetes = { config_path = \"k\", token = \"t\" }"), @r#"
    Conflicting ways to reach the cluster
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: kubernetes = { config_path = "k", token = "t" }
    `token` belongs to `host`: a kubeconfig has its own credentials.

    What to do: remove one of the two.
    "#);
    assert_text!(provider("  default_tags = { tags = { \"qcs:team\" = \"network\" } }"), @r#"
    Invalid value of `default_tags.tags["qcs:team"]`
      at provider["registry.terraform.io/terraform-provider-tke/tke"]: default_tags = { tags = { "qcs:team" = "network" } }
    Keys that begin with `qcs:` are reserved by the service.
    "#);
}

#[test]
fn cluster_without_exactly_one_key_is_refused() {
    assert_text!(errors("data \"tke_cluster\" \"it\" {\n}\n"), @r#"
    Exactly one of `id` and `name` is required
      at data.tke_cluster.it: data "tke_cluster" "it" {
    None of them is set.
    "#);
    assert_text!(errors("data \"tke_cluster\" \"it\" {\n  id = \"a\"\n  name = \"b\"\n}\n"), @r#"
    `id` and `name` cannot be set together
      at data.tke_cluster.it: name = "b"
    Only one of them may be set.
    "#);
}

#[test]
fn null_for_a_required_attribute_is_refused_at_its_path() {
    #[track_caller]
    fn check(hcl: &str, path: &str) {
        let variable = "variable \"null\" {\n  default = null\n}\n";
        for null in ["var.null", "null"] {
            let errors = errors(&format!("{variable}{}", hcl.replace("NULL", null)));
            assert!(errors.contains(&format!("`{path}`")), "{path}: {errors}");
            assert!(errors.contains(&format!("= {null}")), "{path}: {errors}");
        }
    }
    let rule = |attribute: &str| {
        let attributes = [
            "security_group_id = \"sg-12345678\"",
            "direction = \"ingress\"",
            "action = \"ACCEPT\"",
        ]
        .map(|line| {
            if line.starts_with(attribute) {
                format!("{attribute} = NULL")
            } else {
                line.to_owned()
            }
        });
        format!(
            "resource \"tke_security_group_rule\" \"it\" {{\n{}\ncidr_block = \"10.0.0.0/8\"\n}}\n",
            attributes.join("\n")
        )
    };
    check("resource \"tke_security_group\" \"it\" {\n  name = NULL\n}\n", "name");
    for attribute in ["security_group_id", "direction", "action"] {
        check(&rule(attribute), attribute);
    }
    let policy = |attributes: &str| {
        format!("resource \"tke_security_group_policy\" \"it\" {{\n{attributes}\n}}\n")
    };
    let groups = "security_group_ids = [\"sg-12345678\"]";
    check(&policy(&format!("name = NULL\npod_selector = {{}}\n{groups}")), "name");
    check(
        &policy("name = \"it\"\npod_selector = {}\nsecurity_group_ids = NULL"),
        "security_group_ids",
    );
    let expression = "[{ operator = \"Exists\"\n key = NULL\n }]";
    check(
        &policy(&format!(
            "name = \"it\"\npod_selector = {{ match_expressions = {expression} }}\n{groups}"
        )),
        "pod_selector.match_expressions[0].key",
    );
}

#[test]
fn domain_that_cannot_be_a_host_name_is_refused() {
    for domain in ["127.0.0.1", "1", "0x7f"] {
        let errors = provider(&format!("  domain = \"{domain}\""));
        assert!(errors.contains("Invalid value of `domain`"), "{errors}");
        assert!(!errors.contains("panic"), "{errors}");

        let mut context = TestContext::configured(
            "resource \"tke_security_group\" \"it\" {\n  name = \"it\"\n}\n",
        );
        context.unset("TKE_ENDPOINT");
        context.set("TENCENTCLOUD_DOMAIN", domain);
        let errors = context.plan_errors();
        assert!(errors.contains("TENCENTCLOUD_DOMAIN"), "{errors}");
        assert!(!errors.contains("panic"), "{errors}");
    }
}
