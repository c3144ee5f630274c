//! Objects that were there before.

use super::attributes::KINDS;
use super::{THING, thing};
use crate::core::Corner;
use std::fs;

pub(super) fn import_by_id(corner: &mut Corner) {
    let config = thing("name = \"It\"\nnote = \"n\"\ntimeouts = {\n  create = \"5m\"\n}");
    corner.configure(&thing("name = \"It\"\nnote = \"n\""));
    corner.apply();
    corner.run("state rm corner_thing.it");
    corner.run("import -input=false -no-color corner_thing.it thing-1");
    corner.assert_no_changes();

    corner.run("state rm corner_thing.it");
    let import = "import {\n  to = corner_thing.it\n  id = \"thing-1\"\n}\n";
    corner.configure(&format!("{import}{}", thing("name = \"It\"\nnote = \"n\"")));
    corner.plan().assert_imports("corner_thing.it", "thing-1");
    corner.apply();
    corner.assert_no_changes();
    corner.configure(&config);
    corner.plan().assert_in_place("corner_thing.it", &["timeouts"]);
    corner.configure(&import.replace("corner_thing.it", "corner_thing.no").replace('1', "9"));
    let errors = corner.errors("plan -json -input=false -generate-config-out=no.tf");
    assert!(errors.contains("thing-9"), "{errors}");
}

pub(super) fn import_by_identity(corner: &mut Corner) {
    corner.configure(THING);
    corner.apply();
    corner.run("state rm corner_thing.it");
    let import = "import {\n  to = corner_thing.it\n  identity = {\n    id = \"thing-1\"\n  }\n}\n";
    corner.configure(&format!("{import}{THING}"));
    corner.plan().assert_actions("corner_thing.it", &["no-op"]);
    corner.apply();
    corner.assert_no_changes();
    assert_eq!(corner.count(), 1);
}

pub(super) fn import_generated(corner: &mut Corner) {
    corner.configure(KINDS);
    corner.apply();
    let mut imports = String::new();
    for (address, id) in ["it", "empty", "null"].map(|name| {
        let address = format!("corner_kinds.{name}");
        let id = corner.attributes(&address)["id"].as_str().unwrap().to_owned();
        (address, id)
    }) {
        corner.run(&format!("state rm {address}"));
        imports.extend(["import {\n  to = ", &address, "\n  id = \"", &id, "\"\n}\n"]);
    }
    corner.configure(&format!(
        "{imports}resource \"corner_thing\" \"other\" {{\n  name = \"Other\"\n}}\n"
    ));
    corner.run("plan -input=false -no-color -generate-config-out=generated.tf");
    // A core leaves it to the user to fill in what it hides.
    let generated = fs::read_to_string(corner.folder().join("generated.tf")).unwrap();
    corner.write("generated.tf", &generated.replace("null # sensitive", "\"hunter2\""));
    corner.apply();
    corner.assert_no_changes();
}

pub(super) fn moved(corner: &mut Corner) {
    corner.configure(THING);
    corner.apply();
    corner.run("state rm corner_thing.it");
    let data = |input| format!("resource \"terraform_data\" \"it\" {{\n  input = {input}\n}}\n");
    let moved = "moved {\n  from = terraform_data.it\n  to   = corner_thing.it\n}\n";
    corner.configure(&data("\"thing-1\""));
    corner.apply();
    corner.configure(&format!("{moved}{THING}"));
    let errors = corner.plan_errors();
    assert!(errors.contains("data is no thing"), "{errors}");

    corner.configure(&data("{ id = \"thing-1\", name = \"Other\" }"));
    corner.apply();
    corner.configure(&format!("{moved}{THING}"));
    let plan = corner.plan();
    plan.assert_actions("corner_thing.it", &["no-op"]);
    assert_eq!(plan.json["resource_changes"][0]["previous_address"], "terraform_data.it");
    corner.apply();
    assert_eq!(corner.attributes("corner_thing.it")["slug"], "it");
    corner.configure(THING);
    corner.assert_no_changes();
    assert_eq!(corner.count(), 1);
}

pub(super) fn query(corner: &mut Corner) {
    corner.configure(&format!(
        "{THING}{}",
        THING.replace("It", "Other").replace("\"it\"", "\"other\"")
    ));
    corner.apply();
    corner.run("state rm corner_thing.it corner_thing.other");
    corner.configure("");
    corner.write(
        "all.tfquery.hcl",
        "list \"corner_thing\" \"all\" {\n  provider = corner\n  config {\n    prefix = \"I\"\n  }\n}\n",
    );
    let printed = corner.run("query -no-color");
    assert!(printed.contains("id=thing-") && !printed.contains("Other"), "{printed}");
    corner.run("query -no-color -generate-config-out=found.tf");
    let plan = corner.plan();
    assert!(plan.text.contains("1 to import, 0 to add, 0 to change"), "{}", plan.text);
    corner.apply();
    corner.assert_no_changes();
    assert_eq!(corner.count(), 2);
}
