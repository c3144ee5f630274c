//! Processes and what they tell each other.

use std::{fs, process::Command, time::Duration};

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
    assert_ne!(providers(&context), [0; 0]);

    terraform.kill().unwrap();
    terraform.wait().unwrap();
    let ended = || providers(&context).is_empty().then_some(());
    poll(Duration::from_secs(10), ended).expect("a provider outlives Terraform");
}

#[test]
#[cfg(target_os = "linux")]
fn folder_of_a_killed_provider_is_removed_at_the_next_start() {
    let mut context = TestContext::new();
    let temporary = context.folder().join("tmp");
    fs::create_dir(&temporary).unwrap();
    context.set("TMPDIR", temporary.to_str().unwrap());
    let entries = || {
        let entries = fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().file_name());
        entries.collect::<Vec<_>>()
    };
    // Somebody else's: not a socket's folder of this user's dead process.
    fs::create_dir(temporary.join("theirs")).unwrap();

    context.inject("CreateSecurityGroup", Fault::Latency { milliseconds: 60_000 });
    context.configure("resource \"tke_security_group\" \"it\" {\n  name = \"it\"\n}\n");
    let mut terraform = context.start("apply -auto-approve -input=false -no-color");
    context.wait_for("Creating...");
    for process in providers(&context) {
        let killed = Command::new("kill").args(["-KILL", &process.to_string()]).status();
        assert!(killed.unwrap().success());
    }
    assert!(!context.finish(&mut terraform));

    context.run("plan -input=false -no-color");
    assert_eq!(entries(), ["theirs"]);
}

/// The processes of providers that were started for this test.
fn providers(context: &TestContext) -> Vec<u32> {
    let ours = format!("TF_CLI_CONFIG_FILE={}", context.folder().display());
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ours = processes.filter(|process| {
        let read = |file| fs::read(process.path().join(file)).unwrap_or_default();
        let named = String::from_utf8_lossy(&read("cmdline")).contains("terraform-provider-tke");
        named && String::from_utf8_lossy(&read("environ")).contains(&ours)
    });
    ours.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
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
