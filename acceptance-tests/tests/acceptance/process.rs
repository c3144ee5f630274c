//! Processes and what they tell each other.

use std::{fs, time::Duration};

use acceptance_tests::{TestContext, poll};
use serde_json::Value;
use tke_sandbox::faults::Fault;

#[test]
#[cfg(target_os = "linux")]
fn provider_ends_when_terraform_is_killed() {
    let context = TestContext::new();
    context.inject("CreateSecurityGroup", Fault::Latency { milliseconds: 60_000 });
    context.configure("resource \"tke_security_group\" \"it\" {\n  name = \"it\"\n}\n");
    let mut terraform = context.start("apply -auto-approve -input=false -no-color");
    context.wait_for("Creating...");
    assert!(providers(&context) > 0);

    terraform.kill().unwrap();
    terraform.wait().unwrap();
    let ended = || (providers(&context) == 0).then_some(());
    poll(Duration::from_secs(10), ended).expect("a provider outlives Terraform");
}

/// How many providers run that were started for this test.
fn providers(context: &TestContext) -> usize {
    let ours = format!("TF_CLI_CONFIG_FILE={}", context.folder().display());
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ours = processes.filter(|process| {
        let read = |file| fs::read(process.path().join(file)).unwrap_or_default();
        let named = String::from_utf8_lossy(&read("cmdline")).contains("terraform-provider-tke");
        named && String::from_utf8_lossy(&read("environ")).contains(&ours)
    });
    ours.count()
}

#[test]
fn every_attribute_has_a_description() {
    let context = TestContext::configured("");
    let schemas = context.schemas();
    let provider = &schemas["provider_schemas"]["registry.terraform.io/terraform-provider-tke/tke"];
    let mut attributes = Vec::new();
    undescribed("provider", &provider["provider"]["block"], &mut attributes);
    for kind in ["resource_schemas", "data_source_schemas"] {
        let schemas = provider[kind].as_object().unwrap();
        assert!(!schemas.is_empty(), "no {kind}");
        for (name, schema) in schemas {
            undescribed(name, &schema["block"], &mut attributes);
        }
    }
    assert!(attributes.is_empty(), "without a description: {attributes:#?}");
}

/// The attributes without a description, nested ones too.
fn undescribed(path: &str, block: &Value, found: &mut Vec<String>) {
    for (name, attribute) in block["attributes"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if attribute["description"].as_str().unwrap_or_default().is_empty() {
            found.push(path.clone());
        }
        undescribed(&path, &attribute["nested_type"], found);
    }
}
