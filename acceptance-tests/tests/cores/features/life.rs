//! An object from its creation to its end.

use super::import::import_by_identity;
use super::{THING, thing};
use crate::core::Corner;
use serde_json::{Value, json};
use std::fs;

pub(super) fn update(corner: &mut Corner) {
    corner.configure(THING);
    corner.apply();
    let before = corner.attributes("corner_thing.it");
    corner.configure(&thing("name = \"It now\"\nnote = \"n\"\nport = 80"));
    // What follows from the configuration is known at plan, and what may change is not.
    let plan = corner.plan();
    plan.assert_in_place("corner_thing.it", &["name", "note", "port", "slug"]);
    corner.apply();
    corner.assert_no_changes();
    let after = corner.attributes("corner_thing.it");
    assert_eq!(after["id"], before["id"]);
    assert_eq!([&after["slug"], &after["revision"]], [&json!("it-now"), &json!(2)]);
    // Back to the default; what the service chose stays.
    corner.configure(THING);
    corner.plan().assert_in_place("corner_thing.it", &["name", "note", "slug"]);
}

pub(super) fn replace(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\nzone = \"here\""));
    corner.apply();
    corner.configure(&thing("name = \"It\"\nzone = \"there\""));
    corner.plan().assert_actions("corner_thing.it", &["delete", "create"]);
    corner.apply();
    corner.assert_no_changes();
    assert_eq!(corner.count(), 1);
    let lifecycle = "lifecycle {\n  create_before_destroy = true\n}";
    corner.configure(&thing(&format!("name = \"It\"\nzone = \"here\"\n{lifecycle}")));
    corner.plan().assert_actions("corner_thing.it", &["create", "delete"]);
    corner.apply();
    corner.assert_no_changes();
    assert_eq!(corner.count(), 1);
}

pub(super) fn drift(corner: &mut Corner) {
    corner.configure(THING);
    corner.apply();
    let mut objects = corner.objects();
    objects["thing-1"]["map"]["note"] = json!("theirs");
    corner.write("objects.json", &objects.to_string());
    corner.plan().assert_in_place("corner_thing.it", &["note"]);
    corner.apply();
    corner.assert_no_changes();
    corner.write("objects.json", "{}");
    corner.plan().assert_actions("corner_thing.it", &["create"]);
}

pub(super) fn unknown_configuration(corner: &mut Corner) {
    let file = corner.folder().join("later.json").display().to_string();
    corner.configure(&format!(
        "resource \"terraform_data\" \"file\" {{\n  input = \"{file}\"\n}}\n\
         provider \"corner\" {{\n  file = terraform_data.file.output\n}}\n{THING}"
    ));
    corner.apply();
    assert_eq!(corner.count(), 0);
    corner.assert_no_changes();
    corner.destroy();
}

pub(super) fn data_source(corner: &mut Corner) {
    let read = "data \"corner_thing\" \"it\" {\n  name = corner_thing.it.name\n}\n\
                output \"port\" {\n  value = data.corner_thing.it.port\n}\n";
    corner.configure(&format!("{THING}{read}"));
    corner.apply();
    assert_eq!(corner.run("output -no-color port").lines().next_back(), Some("443"));
    corner.assert_no_changes();
}

pub(super) fn upgrade(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\nnote = \"a b\""));
    corner.apply();
    let mut state = stored(corner);
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = json!(0);
    let attributes = instance["attributes"].as_object_mut().unwrap();
    let title = attributes.remove("name").unwrap();
    attributes.insert("title".to_owned(), title);
    attributes.remove("note");
    attributes.insert("notes".to_owned(), json!(["a", "b"]));
    attributes.remove("counted");
    corner.write("terraform.tfstate", &state.to_string());
    corner.assert_no_changes();
    corner.apply();
    assert_eq!(corner.attributes("corner_thing.it")["name"], "It");
}

pub(super) fn upgrade_identity(corner: &mut Corner) {
    corner.configure(THING);
    corner.apply();
    let before = stored(corner);
    let mut state = before.clone();
    let instance = &mut state["resources"][0]["instances"][0];
    assert_eq!(instance["identity"], json!({ "id": "thing-1" }));
    instance["identity_schema_version"] = json!(0);
    instance["identity"] = json!({ "key": "thing-1" });
    corner.write("terraform.tfstate", &state.to_string());
    // A refresh would cover what the upgrade has made of it.
    corner.run("plan -refresh=false -input=false -no-color -out=plan");
    let plan: Value = serde_json::from_str(&corner.run("show -json plan")).unwrap();
    let change = &plan["resource_changes"][0]["change"];
    assert_eq!(change["before_identity"], json!({ "id": "thing-1" }));
    corner.assert_no_changes();
    corner.run("apply -refresh-only -auto-approve -input=false -no-color");
    let instance = |state: &Value| state["resources"][0]["instances"][0].clone();
    assert_eq!(instance(&stored(corner)), instance(&before));
    import_by_identity(corner);
}

pub(super) fn private_state(corner: &mut Corner) {
    for (turn, note) in ["a", "b", "c"].iter().enumerate() {
        corner.configure(&thing(&format!("name = \"It\"\nnote = \"{note}\"")));
        corner.apply();
        assert_eq!(corner.attributes("corner_thing.it")["counted"], turn + 1);
    }
    corner.run("refresh -input=false");
    corner.configure(&thing("name = \"It\""));
    corner.apply();
    assert_eq!(corner.attributes("corner_thing.it")["counted"], 4);
}

fn stored(corner: &Corner) -> Value {
    let state = fs::read_to_string(corner.folder().join("terraform.tfstate")).unwrap();
    serde_json::from_str(&state).unwrap()
}
