//! Identities: told with every answer, changed with an update, and good for an import.

use acceptance_tests::TestContext;
use serde_json::{Value, json};

const CONFIGURATION: &str = r#"
    resource "tke_security_group" "it" {
      name = "pods"
    }
    resource "tke_security_group_rule" "it" {
      security_group_id = tke_security_group.it.id
      direction         = "ingress"
      action            = "ACCEPT"
      protocol          = "TCP"
      port              = "443"
      cidr_block        = "10.0.0.1/32"
    }
    resource "tke_security_group_policy" "it" {
      name               = "pods"
      namespace          = "my-namespace"
      pod_selector       = {}
      security_group_ids = [tke_security_group.it.id]
    }"#;

/// What the state says that a resource is known by.
fn identity(context: &TestContext, name: &str) -> Value {
    let state = std::fs::read_to_string(context.folder().join("terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    let at = |value: &Value, pointer: &str| value.pointer(pointer).cloned().unwrap_or_default();
    let resources = at(&state, "/resources");
    let ours = |one: &&Value| at(one, "/type") == name && at(one, "/name") == "it";
    let resource = resources.as_array().unwrap().iter().find(ours).unwrap();
    at(resource, "/instances/0/identity")
}

/// Terraform has identities since 1.12.
fn has_identities(context: &TestContext) -> bool {
    !identity(context, "tke_security_group").is_null()
}

#[test]
fn resources_are_imported_by_identity() {
    let context = TestContext::configured(CONFIGURATION);
    context.apply();
    if !has_identities(&context) {
        return; // It has no import by identity either.
    }
    let id = context.attributes("tke_security_group.it")["id"].as_str().unwrap().to_owned();
    let expected = [
        ("tke_security_group", json!({ "region": "ap-guangzhou", "id": id })),
        (
            "tke_security_group_rule",
            json!({
                "region": "ap-guangzhou",
                "security_group_id": id,
                "direction": "ingress",
                "action": "ACCEPT",
                "protocol": "TCP",
                "port": "443",
                "peer": "10.0.0.1",
            }),
        ),
        ("tke_security_group_policy", json!({ "namespace": "my-namespace", "name": "pods" })),
    ];
    for (name, expected) in &expected {
        assert_eq!(identity(&context, name), *expected);
    }

    context.remove("terraform.tfstate");
    let blocks = expected.iter().map(|(name, identity)| {
        let attributes = identity.as_object().unwrap().iter();
        let attributes: Vec<_> =
            attributes.map(|(key, value)| format!("{key} = {value}")).collect();
        let attributes = attributes.join("\n");
        format!("import {{\nto = {name}.it\nidentity = {{\n{attributes}\n}}\n}}\n")
    });
    context.configure(&format!("{CONFIGURATION}\n{}", blocks.collect::<String>()));
    context.apply();
    context.configure(CONFIGURATION);
    context.assert_no_changes();
    for (name, expected) in &expected {
        assert_eq!(identity(&context, name), *expected);
    }
}

#[test]
fn update_in_place_changes_the_identity() {
    let context = TestContext::configured(CONFIGURATION);
    context.apply();
    let port = CONFIGURATION.replace("443", "8443");
    context.configure(&port);
    context.apply();
    let before = identity(&context, "tke_security_group_rule");

    let peer = port.replace(
        "cidr_block        = \"10.0.0.1/32\"",
        "referenced_security_group_id = tke_security_group.peer.id",
    );
    let group = "resource \"tke_security_group\" \"peer\" {\n  name = \"peer\"\n}";
    context.configure(&format!("{peer}\n{group}"));
    context.apply();
    context.assert_no_changes();
    if !has_identities(&context) {
        return;
    }
    assert_eq!(before["port"], "8443");
    let peer = context.attributes("tke_security_group.peer")["id"].clone();
    assert_eq!(identity(&context, "tke_security_group_rule")["peer"], peer);
}
