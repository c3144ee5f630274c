//! Every example is planned as it stands: what the documentation shows must work.

use std::{fs, path::Path};

use acceptance_tests::TestContext;

#[test]
fn every_example_can_be_planned() {
    let context = TestContext::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut planned = 0;
    for kind in ["resources", "data-sources"] {
        for example in fs::read_dir(root.join(kind)).unwrap() {
            let example = example.unwrap().path();
            for file in ["resource.tf", "data-source.tf"] {
                if let Ok(hcl) = fs::read_to_string(example.join(file)) {
                    context.configure(&hcl);
                    context.run("plan -input=false -no-color");
                    planned += 1;
                }
            }
        }
    }
    assert!(planned >= 4, "only {planned} examples were found");
}

#[test]
fn provider_example_is_valid() {
    let context = TestContext::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    context.write("main.tf", &fs::read_to_string(root.join("provider/provider.tf")).unwrap());
    context.run("validate -no-color");
}

#[test]
fn guide_examples_can_be_planned_with_the_quickstart() {
    let context = TestContext::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let quickstart = fs::read_to_string(root.join("quickstart/main.tf")).unwrap();
    context.write("main.tf", &quickstart);
    let probes = root.join("guides/security-groups-for-pods/probes.tf");
    context.write("probes.tf", &fs::read_to_string(probes).unwrap());
    let plan = context.run("plan -input=false -no-color");
    assert!(plan.contains("tke_security_group_rule.probes"), "{plan}");
}

#[test]
fn examples_are_formatted() {
    let context = TestContext::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    context.run(&format!("fmt -check -recursive -diff {}", root.display()));
}
