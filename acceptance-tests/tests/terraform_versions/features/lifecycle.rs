//! Create, update, replace, read, upgrade and private state.

use std::fs;

use serde_json::{Value, json};

use super::{THING, import::import_by_identity, thing};
use crate::context::Context;

pub(super) fn update(context: &mut Context) {
    context.configure(THING);
    context.apply();
    let before = context.attributes("kitchen_thing.it");
    context.configure(&thing("name = \"It now\"\nnote = \"n\"\nport = 80"));
    // What follows from the configuration is known at plan, and what may change is not.
    let plan = context.plan();
    plan.assert_in_place("kitchen_thing.it", &["name", "note", "port", "slug"]);
    context.apply();
    context.assert_no_changes();
    let after = context.attributes("kitchen_thing.it");
    assert_eq!(after["id"], before["id"]);
    assert_eq!([&after["slug"], &after["revision"]], [&json!("it-now"), &json!(2)]);
    // Back to the default; what the service chose stays.
    context.configure(THING);
    context.plan().assert_in_place("kitchen_thing.it", &["name", "note", "slug"]);
}

pub(super) fn replace(context: &mut Context) {
    context.configure(&thing("name = \"It\"\nzone = \"here\""));
    context.apply();
    context.configure(&thing("name = \"It\"\nzone = \"there\""));
    context.plan().assert_actions("kitchen_thing.it", &["delete", "create"]);
    context.apply();
    context.assert_no_changes();
    assert_eq!(context.count(), 1);
    let lifecycle = "lifecycle {\n  create_before_destroy = true\n}";
    context.configure(&thing(&format!("name = \"It\"\nzone = \"here\"\n{lifecycle}")));
    context.plan().assert_actions("kitchen_thing.it", &["create", "delete"]);
    context.apply();
    context.assert_no_changes();
    assert_eq!(context.count(), 1);
}

pub(super) fn drift(context: &mut Context) {
    context.configure(THING);
    context.apply();
    let mut objects = context.objects();
    objects["thing-1"]["map"]["note"] = json!("theirs");
    context.write("objects.json", &objects.to_string());
    context.plan().assert_in_place("kitchen_thing.it", &["note"]);
    context.apply();
    context.assert_no_changes();
    context.write("objects.json", "{}");
    context.plan().assert_actions("kitchen_thing.it", &["create"]);
}

pub(super) fn unknown_configuration(context: &mut Context) {
    let file = context.folder().join("later.json").display().to_string();
    context.configure(&format!(
        "resource \"terraform_data\" \"file\" {{\n  input = \"{file}\"\n}}\n\
         provider \"kitchen\" {{\n  file = terraform_data.file.output\n}}\n{THING}"
    ));
    context.apply();
    assert_eq!(context.count(), 0);
    context.assert_no_changes();
    context.destroy();
}

pub(super) fn data_source(context: &mut Context) {
    let read = "data \"kitchen_thing\" \"it\" {\n  name = kitchen_thing.it.name\n}\n\
                output \"port\" {\n  value = data.kitchen_thing.it.port\n}\n";
    context.configure(&format!("{THING}{read}"));
    context.apply();
    assert_eq!(context.run("output -no-color port").lines().next_back(), Some("443"));
    context.assert_no_changes();
}

pub(super) fn upgrade(context: &mut Context) {
    context.configure(&thing("name = \"It\"\nnote = \"a b\""));
    context.apply();
    let mut state = stored(context);
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = json!(0);
    let attributes = instance["attributes"].as_object_mut().unwrap();
    let title = attributes.remove("name").unwrap();
    attributes.insert("title".to_owned(), title);
    attributes.remove("note");
    attributes.insert("notes".to_owned(), json!(["a", "b"]));
    attributes.remove("counted");
    context.write("terraform.tfstate", &state.to_string());
    context.assert_no_changes();
    context.apply();
    assert_eq!(context.attributes("kitchen_thing.it")["name"], "It");
}

pub(super) fn upgrade_identity(context: &mut Context) {
    context.configure(THING);
    context.apply();
    let before = stored(context);
    let mut state = before.clone();
    let instance = &mut state["resources"][0]["instances"][0];
    assert_eq!(instance["identity"], json!({ "id": "thing-1" }));
    instance["identity_schema_version"] = json!(0);
    instance["identity"] = json!({ "key": "thing-1" });
    context.write("terraform.tfstate", &state.to_string());
    // A refresh would cover what the upgrade has made of it.
    context.run("plan -refresh=false -input=false -no-color -out=plan");
    let plan: Value = serde_json::from_str(&context.run("show -json plan")).unwrap();
    let change = &plan["resource_changes"][0]["change"];
    assert_eq!(change["before_identity"], json!({ "id": "thing-1" }));
    context.assert_no_changes();
    context.run("apply -refresh-only -auto-approve -input=false -no-color");
    let instance = |state: &Value| state["resources"][0]["instances"][0].clone();
    assert_eq!(instance(&stored(context)), instance(&before));
    import_by_identity(context);
}

pub(super) fn private_state(context: &mut Context) {
    for (turn, note) in ["a", "b", "c"].iter().enumerate() {
        context.configure(&thing(&format!("name = \"It\"\nnote = \"{note}\"")));
        context.apply();
        assert_eq!(context.attributes("kitchen_thing.it")["counted"], turn + 1);
    }
    context.run("refresh -input=false");
    context.configure(&thing("name = \"It\""));
    context.apply();
    assert_eq!(context.attributes("kitchen_thing.it")["counted"], 4);
}

fn stored(context: &Context) -> Value {
    let state = fs::read_to_string(context.folder().join("terraform.tfstate")).unwrap();
    serde_json::from_str(&state).unwrap()
}
