//! Import, move and query of existing objects.

use std::fs;

use super::{THING, attributes::KINDS, thing};
use crate::context::Context;

pub(super) fn import_by_id(context: &mut Context) {
    let config = thing("name = \"It\"\nnote = \"n\"\ntimeouts = {\n  create = \"5m\"\n}");
    context.configure(&thing("name = \"It\"\nnote = \"n\""));
    context.apply();
    context.run("state rm kitchen_thing.it");
    context.run("import -input=false -no-color kitchen_thing.it thing-1");
    context.assert_no_changes();

    context.run("state rm kitchen_thing.it");
    let import = "import {\n  to = kitchen_thing.it\n  id = \"thing-1\"\n}\n";
    context.configure(&format!("{import}{}", thing("name = \"It\"\nnote = \"n\"")));
    context.plan().assert_imports("kitchen_thing.it", "thing-1");
    context.apply();
    context.assert_no_changes();
    context.configure(&config);
    context.plan().assert_in_place("kitchen_thing.it", &["timeouts"]);
    context.configure(&import.replace("kitchen_thing.it", "kitchen_thing.no").replace('1', "9"));
    let errors = context.errors("plan -json -input=false -generate-config-out=no.tf");
    assert!(errors.contains("thing-9"), "{errors}");
}

pub(super) fn import_by_identity(context: &mut Context) {
    context.configure(THING);
    context.apply();
    context.run("state rm kitchen_thing.it");
    let import =
        "import {\n  to = kitchen_thing.it\n  identity = {\n    id = \"thing-1\"\n  }\n}\n";
    context.configure(&format!("{import}{THING}"));
    context.plan().assert_actions("kitchen_thing.it", &["no-op"]);
    context.apply();
    context.assert_no_changes();
    assert_eq!(context.count(), 1);
}

pub(super) fn import_generated(context: &mut Context) {
    context.configure(KINDS);
    context.apply();
    let mut imports = String::new();
    for (address, id) in ["it", "empty", "null"].map(|name| {
        let address = format!("kitchen_kinds.{name}");
        let id = context.attributes(&address)["id"].as_str().unwrap().to_owned();
        (address, id)
    }) {
        context.run(&format!("state rm {address}"));
        imports.extend(["import {\n  to = ", &address, "\n  id = \"", &id, "\"\n}\n"]);
    }
    context.configure(&format!(
        "{imports}resource \"kitchen_thing\" \"other\" {{\n  name = \"Other\"\n}}\n"
    ));
    context.run("plan -input=false -no-color -generate-config-out=generated.tf");
    // Terraform leaves sensitive values to the user.
    let generated = fs::read_to_string(context.folder().join("generated.tf")).unwrap();
    context.write("generated.tf", &generated.replace("null # sensitive", "\"hunter2\""));
    context.apply();
    context.assert_no_changes();
}

pub(super) fn moved(context: &mut Context) {
    context.configure(THING);
    context.apply();
    context.run("state rm kitchen_thing.it");
    let data = |input| format!("resource \"terraform_data\" \"it\" {{\n  input = {input}\n}}\n");
    let moved = "moved {\n  from = terraform_data.it\n  to   = kitchen_thing.it\n}\n";
    context.configure(&data("\"thing-1\""));
    context.apply();
    context.configure(&format!("{moved}{THING}"));
    let errors = context.plan_errors();
    assert!(errors.contains("data is no thing"), "{errors}");

    context.configure(&data("{ id = \"thing-1\", name = \"Other\" }"));
    context.apply();
    context.configure(&format!("{moved}{THING}"));
    let plan = context.plan();
    plan.assert_actions("kitchen_thing.it", &["no-op"]);
    assert_eq!(plan.json["resource_changes"][0]["previous_address"], "terraform_data.it");
    context.apply();
    assert_eq!(context.attributes("kitchen_thing.it")["slug"], "it");
    context.configure(THING);
    context.assert_no_changes();
    assert_eq!(context.count(), 1);
}

pub(super) fn query(context: &mut Context) {
    context.configure(&format!(
        "{THING}{}",
        THING.replace("It", "Other").replace("\"it\"", "\"other\"")
    ));
    context.apply();
    context.run("state rm kitchen_thing.it kitchen_thing.other");
    context.configure("");
    context.write(
        "all.tfquery.hcl",
        "list \"kitchen_thing\" \"all\" {\n  provider = kitchen\n  config {\n    prefix = \"I\"\n  }\n}\n",
    );
    let printed = context.run("query -no-color");
    assert!(printed.contains("id=thing-") && !printed.contains("Other"), "{printed}");
    context.run("query -no-color -generate-config-out=found.tf");
    let plan = context.plan();
    assert!(plan.text.contains("1 to import, 0 to add, 0 to change"), "{}", plan.text);
    context.apply();
    context.assert_no_changes();
    assert_eq!(context.count(), 2);
}
