//! An object from its creation to its end.

use std::fs;

use serde_json::{Value, json};

use super::{THING, import::import_by_identity, thing};
use crate::core::KitchenSink;

pub(super) fn update(sink: &mut KitchenSink) {
    sink.configure(THING);
    sink.apply();
    let before = sink.attributes("kitchen_thing.it");
    sink.configure(&thing("name = \"It now\"\nnote = \"n\"\nport = 80"));
    // What follows from the configuration is known at plan, and what may change is not.
    let plan = sink.plan();
    plan.assert_in_place("kitchen_thing.it", &["name", "note", "port", "slug"]);
    sink.apply();
    sink.assert_no_changes();
    let after = sink.attributes("kitchen_thing.it");
    assert_eq!(after["id"], before["id"]);
    assert_eq!([&after["slug"], &after["revision"]], [&json!("it-now"), &json!(2)]);
    // Back to the default; what the service chose stays.
    sink.configure(THING);
    sink.plan().assert_in_place("kitchen_thing.it", &["name", "note", "slug"]);
}

pub(super) fn replace(sink: &mut KitchenSink) {
    sink.configure(&thing("name = \"It\"\nzone = \"here\""));
    sink.apply();
    sink.configure(&thing("name = \"It\"\nzone = \"there\""));
    sink.plan().assert_actions("kitchen_thing.it", &["delete", "create"]);
    sink.apply();
    sink.assert_no_changes();
    assert_eq!(sink.count(), 1);
    let lifecycle = "lifecycle {\n  create_before_destroy = true\n}";
    sink.configure(&thing(&format!("name = \"It\"\nzone = \"here\"\n{lifecycle}")));
    sink.plan().assert_actions("kitchen_thing.it", &["create", "delete"]);
    sink.apply();
    sink.assert_no_changes();
    assert_eq!(sink.count(), 1);
}

pub(super) fn drift(sink: &mut KitchenSink) {
    sink.configure(THING);
    sink.apply();
    let mut objects = sink.objects();
    objects["thing-1"]["map"]["note"] = json!("theirs");
    sink.write("objects.json", &objects.to_string());
    sink.plan().assert_in_place("kitchen_thing.it", &["note"]);
    sink.apply();
    sink.assert_no_changes();
    sink.write("objects.json", "{}");
    sink.plan().assert_actions("kitchen_thing.it", &["create"]);
}

pub(super) fn unknown_configuration(sink: &mut KitchenSink) {
    let file = sink.folder().join("later.json").display().to_string();
    sink.configure(&format!(
        "resource \"terraform_data\" \"file\" {{\n  input = \"{file}\"\n}}\n\
         provider \"kitchen\" {{\n  file = terraform_data.file.output\n}}\n{THING}"
    ));
    sink.apply();
    assert_eq!(sink.count(), 0);
    sink.assert_no_changes();
    sink.destroy();
}

pub(super) fn data_source(sink: &mut KitchenSink) {
    let read = "data \"kitchen_thing\" \"it\" {\n  name = kitchen_thing.it.name\n}\n\
                output \"port\" {\n  value = data.kitchen_thing.it.port\n}\n";
    sink.configure(&format!("{THING}{read}"));
    sink.apply();
    assert_eq!(sink.run("output -no-color port").lines().next_back(), Some("443"));
    sink.assert_no_changes();
}

pub(super) fn upgrade(sink: &mut KitchenSink) {
    sink.configure(&thing("name = \"It\"\nnote = \"a b\""));
    sink.apply();
    let mut state = stored(sink);
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = json!(0);
    let attributes = instance["attributes"].as_object_mut().unwrap();
    let title = attributes.remove("name").unwrap();
    attributes.insert("title".to_owned(), title);
    attributes.remove("note");
    attributes.insert("notes".to_owned(), json!(["a", "b"]));
    attributes.remove("counted");
    sink.write("terraform.tfstate", &state.to_string());
    sink.assert_no_changes();
    sink.apply();
    assert_eq!(sink.attributes("kitchen_thing.it")["name"], "It");
}

pub(super) fn upgrade_identity(sink: &mut KitchenSink) {
    sink.configure(THING);
    sink.apply();
    let before = stored(sink);
    let mut state = before.clone();
    let instance = &mut state["resources"][0]["instances"][0];
    assert_eq!(instance["identity"], json!({ "id": "thing-1" }));
    instance["identity_schema_version"] = json!(0);
    instance["identity"] = json!({ "key": "thing-1" });
    sink.write("terraform.tfstate", &state.to_string());
    // A refresh would cover what the upgrade has made of it.
    sink.run("plan -refresh=false -input=false -no-color -out=plan");
    let plan: Value = serde_json::from_str(&sink.run("show -json plan")).unwrap();
    let change = &plan["resource_changes"][0]["change"];
    assert_eq!(change["before_identity"], json!({ "id": "thing-1" }));
    sink.assert_no_changes();
    sink.run("apply -refresh-only -auto-approve -input=false -no-color");
    let instance = |state: &Value| state["resources"][0]["instances"][0].clone();
    assert_eq!(instance(&stored(sink)), instance(&before));
    import_by_identity(sink);
}

pub(super) fn private_state(sink: &mut KitchenSink) {
    for (turn, note) in ["a", "b", "c"].iter().enumerate() {
        sink.configure(&thing(&format!("name = \"It\"\nnote = \"{note}\"")));
        sink.apply();
        assert_eq!(sink.attributes("kitchen_thing.it")["counted"], turn + 1);
    }
    sink.run("refresh -input=false");
    sink.configure(&thing("name = \"It\""));
    sink.apply();
    assert_eq!(sink.attributes("kitchen_thing.it")["counted"], 4);
}

fn stored(sink: &KitchenSink) -> Value {
    let state = fs::read_to_string(sink.folder().join("terraform.tfstate")).unwrap();
    serde_json::from_str(&state).unwrap()
}
