//! Objects that were there before.

use std::fs;

use super::{THING, attributes::KINDS, thing};
use crate::core::KitchenSink;

pub(super) fn import_by_id(sink: &mut KitchenSink) {
    let config = thing("name = \"It\"\nnote = \"n\"\ntimeouts = {\n  create = \"5m\"\n}");
    sink.configure(&thing("name = \"It\"\nnote = \"n\""));
    sink.apply();
    sink.run("state rm kitchen_thing.it");
    sink.run("import -input=false -no-color kitchen_thing.it thing-1");
    sink.assert_no_changes();

    sink.run("state rm kitchen_thing.it");
    let import = "import {\n  to = kitchen_thing.it\n  id = \"thing-1\"\n}\n";
    sink.configure(&format!("{import}{}", thing("name = \"It\"\nnote = \"n\"")));
    sink.plan().assert_imports("kitchen_thing.it", "thing-1");
    sink.apply();
    sink.assert_no_changes();
    sink.configure(&config);
    sink.plan().assert_in_place("kitchen_thing.it", &["timeouts"]);
    sink.configure(&import.replace("kitchen_thing.it", "kitchen_thing.no").replace('1', "9"));
    let errors = sink.errors("plan -json -input=false -generate-config-out=no.tf");
    assert!(errors.contains("thing-9"), "{errors}");
}

pub(super) fn import_by_identity(sink: &mut KitchenSink) {
    sink.configure(THING);
    sink.apply();
    sink.run("state rm kitchen_thing.it");
    let import =
        "import {\n  to = kitchen_thing.it\n  identity = {\n    id = \"thing-1\"\n  }\n}\n";
    sink.configure(&format!("{import}{THING}"));
    sink.plan().assert_actions("kitchen_thing.it", &["no-op"]);
    sink.apply();
    sink.assert_no_changes();
    assert_eq!(sink.count(), 1);
}

pub(super) fn import_generated(sink: &mut KitchenSink) {
    sink.configure(KINDS);
    sink.apply();
    let mut imports = String::new();
    for (address, id) in ["it", "empty", "null"].map(|name| {
        let address = format!("kitchen_kinds.{name}");
        let id = sink.attributes(&address)["id"].as_str().unwrap().to_owned();
        (address, id)
    }) {
        sink.run(&format!("state rm {address}"));
        imports.extend(["import {\n  to = ", &address, "\n  id = \"", &id, "\"\n}\n"]);
    }
    sink.configure(&format!(
        "{imports}resource \"kitchen_thing\" \"other\" {{\n  name = \"Other\"\n}}\n"
    ));
    sink.run("plan -input=false -no-color -generate-config-out=generated.tf");
    // A core leaves it to the user to fill in what it hides.
    let generated = fs::read_to_string(sink.folder().join("generated.tf")).unwrap();
    sink.write("generated.tf", &generated.replace("null # sensitive", "\"hunter2\""));
    sink.apply();
    sink.assert_no_changes();
}

pub(super) fn moved(sink: &mut KitchenSink) {
    sink.configure(THING);
    sink.apply();
    sink.run("state rm kitchen_thing.it");
    let data = |input| format!("resource \"terraform_data\" \"it\" {{\n  input = {input}\n}}\n");
    let moved = "moved {\n  from = terraform_data.it\n  to   = kitchen_thing.it\n}\n";
    sink.configure(&data("\"thing-1\""));
    sink.apply();
    sink.configure(&format!("{moved}{THING}"));
    let errors = sink.plan_errors();
    assert!(errors.contains("data is no thing"), "{errors}");

    sink.configure(&data("{ id = \"thing-1\", name = \"Other\" }"));
    sink.apply();
    sink.configure(&format!("{moved}{THING}"));
    let plan = sink.plan();
    plan.assert_actions("kitchen_thing.it", &["no-op"]);
    assert_eq!(plan.json["resource_changes"][0]["previous_address"], "terraform_data.it");
    sink.apply();
    assert_eq!(sink.attributes("kitchen_thing.it")["slug"], "it");
    sink.configure(THING);
    sink.assert_no_changes();
    assert_eq!(sink.count(), 1);
}

pub(super) fn query(sink: &mut KitchenSink) {
    sink.configure(&format!(
        "{THING}{}",
        THING.replace("It", "Other").replace("\"it\"", "\"other\"")
    ));
    sink.apply();
    sink.run("state rm kitchen_thing.it kitchen_thing.other");
    sink.configure("");
    sink.write(
        "all.tfquery.hcl",
        "list \"kitchen_thing\" \"all\" {\n  provider = kitchen\n  config {\n    prefix = \"I\"\n  }\n}\n",
    );
    let printed = sink.run("query -no-color");
    assert!(printed.contains("id=thing-") && !printed.contains("Other"), "{printed}");
    sink.run("query -no-color -generate-config-out=found.tf");
    let plan = sink.plan();
    assert!(plan.text.contains("1 to import, 0 to add, 0 to change"), "{}", plan.text);
    sink.apply();
    sink.assert_no_changes();
    assert_eq!(sink.count(), 2);
}
