//! Everything that a core can do with a provider, each with its proof.

use crate::core::{Corner, Since, provider};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// One line of the table.
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) since: Since,
    /// Fails where the core does not have it.
    pub(crate) proof: fn(&mut Corner),
}

const EVERYWHERE: Since = Since { terraform: 0, opentofu: Some(0) };

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        name: "create and destroy, an attribute of every kind",
        since: EVERYWHERE,
        proof: every_kind,
    },
    Feature { name: "update in place", since: EVERYWHERE, proof: update },
    Feature { name: "replace", since: EVERYWHERE, proof: replace },
    Feature { name: "drift is seen and healed", since: EVERYWHERE, proof: drift },
    Feature { name: "spelling of the user kept", since: EVERYWHERE, proof: spelling },
    Feature {
        name: "validation with the place of the error",
        since: EVERYWHERE,
        proof: validation,
    },
    Feature { name: "deprecation", since: EVERYWHERE, proof: deprecation },
    Feature {
        name: "provider configuration not known yet",
        since: EVERYWHERE,
        proof: unknown_configuration,
    },
    Feature { name: "data source", since: EVERYWHERE, proof: data_source },
    Feature { name: "import by id", since: EVERYWHERE, proof: import_by_id },
    Feature {
        name: "import with generated configuration",
        since: EVERYWHERE,
        proof: import_generated,
    },
    Feature { name: "upgrade of an earlier state", since: EVERYWHERE, proof: upgrade },
    Feature { name: "private state", since: EVERYWHERE, proof: private_state },
    Feature { name: "sensitive attributes", since: EVERYWHERE, proof: sensitive },
    Feature { name: "write-only attributes", since: EVERYWHERE, proof: write_only },
    Feature { name: "`test`", since: EVERYWHERE, proof: test },
    Feature { name: "reattach to a provider in a debugger", since: EVERYWHERE, proof: reattach },
];

/// Every value that a kind of attribute can hold, and in each collection one that is unknown at plan.
const KINDS: &str = r#"
resource "corner_thing" "other" {
  name = "Other"
}
resource "corner_kinds" "it" {
  text       = corner_thing.other.id
  truth      = true
  whole      = 9007199254740993
  float      = 0.1
  number     = 123456789012345678901234567890.123456789
  hidden     = "hunter2"
  texts      = ["b", corner_thing.other.id, "a"]
  text_set   = ["b", corner_thing.other.id, "a", "a"]
  number_map = { tenth = 0.1, huge = 1e100, tiny = -1e-100 }
  grid       = [[1, 2], [], [0.5]]
  single     = { name = corner_thing.other.id }
  list       = [{ name = "x", size = 2 }, { name = corner_thing.other.id, inner = [{ name = "i" }] }]
  map        = { one = { name = "one" }, other = { name = corner_thing.other.id, note = "n" } }
  set        = [{ name = "s" }, { name = corner_thing.other.id, port = 80 }, { name = "u", protocol = "udp" }]
  flat       = [{ name = "f" }, { name = corner_thing.other.id, port = 80 }]
}
resource "corner_kinds" "empty" {
  texts    = []
  text_set = []
  list     = []
  map      = {}
  set      = []
}
resource "corner_kinds" "null" {}
output "exact" {
  value = corner_kinds.it.number == 123456789012345678901234567890.123456789 && corner_kinds.it.number_map.huge == 1e100
}
"#;

fn every_kind(corner: &mut Corner) {
    corner.configure(KINDS);
    corner.apply();
    let it = corner.attributes("corner_kinds.it");
    for (place, expected) in [
        ("/text", json!("thing-1")),
        ("/whole", json!(9_007_199_254_740_993_u64)),
        ("/float", json!(0.1)),
        ("/texts", json!(["b", "thing-1", "a"])),
        ("/text_set", json!(["a", "b", "thing-1"])),
        ("/single/key", json!("key-single")),
        ("/single/size", json!(1)),
        ("/list/0/size", json!(2)),
        ("/list/1/key", json!("key-thing-1")),
        ("/list/1/inner/0/protocol", json!("tcp")),
        ("/map/other/key", json!("key-other")),
        ("/set/1/protocol", json!("tcp")),
        ("/flat/1", json!({ "name": "thing-1", "port": 80 })),
        ("/amount", json!(3)),
        ("/found/1/name", json!("thing-1")),
    ] {
        assert_eq!(it.pointer(place), Some(&expected), "{place}");
    }
    assert_eq!(corner.run("output -no-color exact").lines().next_back(), Some("true"));
    assert_eq!(corner.attributes("corner_kinds.empty")["set"], json!([]));
    assert_eq!(corner.attributes("corner_kinds.null")["set"], Value::Null);
    corner.plan().assert_empty();

    // An element in front, another order, other numbers: only what differs changes.
    let changed = KINDS
        .replace(
            "[{ name = \"x\", size = 2 }, ",
            "[{ name = \"new\" }, { name = \"x\", size = 2 }, ",
        )
        .replace(
            "[\"b\", corner_thing.other.id, \"a\", \"a\"]",
            "[\"a\", corner_thing.other.id, \"b\"]",
        )
        .replace("0.1", "0.10")
        .replace("truth      = true", "truth      = null");
    corner.configure(&changed);
    corner.plan().assert_in_place("corner_kinds.it", &["truth", "list"]);
    corner.apply();
    corner.plan().assert_empty();
    corner.destroy();
    assert_eq!(corner.count(), 0);
}

const THING: &str = r#"
resource "corner_thing" "it" {
  name = "It"
}
"#;

/// The same thing with other attributes.
fn thing(attributes: &str) -> String {
    format!("resource \"corner_thing\" \"it\" {{\n{attributes}\n}}\n")
}

fn update(corner: &mut Corner) {
    corner.configure(THING);
    corner.apply();
    let before = corner.attributes("corner_thing.it");
    corner.configure(&thing("name = \"It now\"\nnote = \"n\"\nport = 80"));
    // What follows from the configuration is known at plan, and what may change is not.
    let plan = corner.plan();
    plan.assert_in_place("corner_thing.it", &["name", "note", "port", "slug"]);
    corner.apply();
    corner.plan().assert_empty();
    let after = corner.attributes("corner_thing.it");
    assert_eq!(after["id"], before["id"]);
    assert_eq!([&after["slug"], &after["revision"]], [&json!("it-now"), &json!(2)]);
    // Back to the default; what the service chose stays.
    corner.configure(THING);
    corner.plan().assert_in_place("corner_thing.it", &["name", "note", "slug"]);
}

fn replace(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\nzone = \"here\""));
    corner.apply();
    corner.configure(&thing("name = \"It\"\nzone = \"there\""));
    corner.plan().assert_actions("corner_thing.it", &["delete", "create"]);
    corner.apply();
    corner.plan().assert_empty();
    assert_eq!(corner.count(), 1);
    let lifecycle = "lifecycle {\n  create_before_destroy = true\n}";
    corner.configure(&thing(&format!("name = \"It\"\nzone = \"here\"\n{lifecycle}")));
    corner.plan().assert_actions("corner_thing.it", &["create", "delete"]);
    corner.apply();
    corner.plan().assert_empty();
    assert_eq!(corner.count(), 1);
}

fn drift(corner: &mut Corner) {
    corner.configure(THING);
    corner.apply();
    let mut objects = corner.objects();
    objects["thing-1"]["map"]["note"] = json!("theirs");
    corner.write("objects.json", &objects.to_string());
    corner.plan().assert_in_place("corner_thing.it", &["note"]);
    corner.apply();
    corner.plan().assert_empty();
    corner.write("objects.json", "{}");
    corner.plan().assert_actions("corner_thing.it", &["create"]);
}

fn spelling(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\naddress = \"2001:DB8::0001\""));
    corner.apply();
    assert_eq!(corner.objects()["thing-1"]["map"]["address"], "2001:db8::1");
    assert_eq!(corner.attributes("corner_thing.it")["address"], "2001:DB8::0001");
    corner.plan().assert_empty();
    // Another spelling of the same address is no change.
    corner.configure(&thing("name = \"It\"\naddress = \"2001:db8:0::1\""));
    corner.plan().assert_empty();
}

fn validation(corner: &mut Corner) {
    corner.configure(&thing("name = \"\""));
    let errors = corner.plan_errors();
    assert!(errors.contains("name = \"\""), "{errors}");
    corner.configure(&thing("name = \"It\"\nzone = \"public\"\nport = 22"));
    let errors = corner.plan_errors();
    assert!(errors.contains("port = 22"), "{errors}");
    corner.configure(&thing("name = \"It\"\nsecret = \"s\""));
    let errors = corner.plan_errors();
    assert!(errors.contains("secret_version"), "{errors}");
}

fn deprecation(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\ncomment = \"c\""));
    let warnings = corner.plan_warnings();
    assert!(warnings.contains("Use `note`"), "{warnings}");
}

fn unknown_configuration(corner: &mut Corner) {
    let file = corner.folder().join("later.json").display().to_string();
    corner.configure(&format!(
        "resource \"terraform_data\" \"file\" {{\n  input = \"{file}\"\n}}\n\
         provider \"corner\" {{\n  file = terraform_data.file.output\n}}\n{THING}"
    ));
    corner.apply();
    assert_eq!(corner.count(), 0);
    corner.plan().assert_empty();
    corner.destroy();
}

fn data_source(corner: &mut Corner) {
    let read = "data \"corner_thing\" \"it\" {\n  name = corner_thing.it.name\n}\n\
                output \"port\" {\n  value = data.corner_thing.it.port\n}\n";
    corner.configure(&format!("{THING}{read}"));
    corner.apply();
    assert_eq!(corner.run("output -no-color port").lines().next_back(), Some("443"));
    corner.plan().assert_empty();
}

fn import_by_id(corner: &mut Corner) {
    let config = thing("name = \"It\"\nnote = \"n\"\ntimeouts = {\n  create = \"5m\"\n}");
    corner.configure(&thing("name = \"It\"\nnote = \"n\""));
    corner.apply();
    corner.run("state rm corner_thing.it");
    corner.run("import -input=false -no-color corner_thing.it thing-1");
    corner.plan().assert_empty();

    corner.run("state rm corner_thing.it");
    let import = "import {\n  to = corner_thing.it\n  id = \"thing-1\"\n}\n";
    corner.configure(&format!("{import}{}", thing("name = \"It\"\nnote = \"n\"")));
    corner.plan().assert_imports("corner_thing.it", "thing-1");
    corner.apply();
    corner.plan().assert_empty();
    corner.configure(&config);
    corner.plan().assert_in_place("corner_thing.it", &["timeouts"]);
    corner.configure(&import.replace("corner_thing.it", "corner_thing.no").replace('1', "9"));
    let errors = corner.errors("plan -json -input=false -generate-config-out=no.tf");
    assert!(errors.contains("thing-9"), "{errors}");
}

fn import_generated(corner: &mut Corner) {
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
    corner.plan().assert_empty();
}

fn upgrade(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\nnote = \"a b\""));
    corner.apply();
    let state = fs::read_to_string(corner.folder().join("terraform.tfstate")).unwrap();
    let mut state: Value = serde_json::from_str(&state).unwrap();
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = json!(0);
    let attributes = instance["attributes"].as_object_mut().unwrap();
    let title = attributes.remove("name").unwrap();
    attributes.insert("title".to_owned(), title);
    attributes.remove("note");
    attributes.insert("notes".to_owned(), json!(["a", "b"]));
    attributes.remove("counted");
    corner.write("terraform.tfstate", &state.to_string());
    corner.plan().assert_empty();
    corner.apply();
    assert_eq!(corner.attributes("corner_thing.it")["name"], "It");
}

fn private_state(corner: &mut Corner) {
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

fn sensitive(corner: &mut Corner) {
    corner.configure("resource \"corner_kinds\" \"it\" {\n  hidden = \"hunter2\"\n}\n");
    assert!(!corner.plan().text.contains("hunter2"));
    assert!(!corner.apply().contains("hunter2"));
    assert_eq!(corner.attributes("corner_kinds.it")["hidden"], "hunter2");
    corner.plan().assert_empty();
}

fn write_only(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\nsecret = \"hunter2\"\nsecret_version = 1"));
    assert!(!corner.plan().json["resource_changes"].to_string().contains("hunter2"));
    corner.apply();
    let it = corner.attributes("corner_thing.it");
    assert_eq!([&it["secret"], &it["secret_length"]], [&Value::Null, &json!(7)]);
    corner.plan().assert_empty();
    // Terraform cannot see that it changed; the version says so.
    corner.configure(&thing("name = \"It\"\nsecret = \"hunter2 and more\"\nsecret_version = 1"));
    corner.plan().assert_empty();
    corner.configure(&thing("name = \"It\"\nsecret = \"hunter2 and more\"\nsecret_version = 2"));
    corner.apply();
    assert_eq!(corner.attributes("corner_thing.it")["secret_length"], 16);
    let state = fs::read_to_string(corner.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("hunter2"));
}

fn test(corner: &mut Corner) {
    corner.configure(&format!(
        "variable \"note\" {{\n  default = \"n\"\n}}\n{}",
        thing("name = \"It\"\nnote = var.note")
    ));
    corner.write(
        "it.tftest.hcl",
        r#"
run "create" {
  assert {
    condition     = corner_thing.it.slug == "it" && corner_thing.it.note == "n"
    error_message = "it was made otherwise"
  }
}
run "update" {
  variables {
    note = "m"
  }
  assert {
    condition     = corner_thing.it.revision == 2 && corner_thing.it.note == "m"
    error_message = "it was changed otherwise"
  }
}
run "refuse" {
  command = plan
  variables {
    note = null
  }
  assert {
    condition     = corner_thing.it.note == "none"
    error_message = "the default is not planned"
  }
}
"#,
    );
    let printed = corner.run("test -no-color");
    assert!(printed.contains("3 passed, 0 failed"), "{printed}");
    assert_eq!(corner.count(), 0);
}

fn reattach(corner: &mut Corner) {
    let mut provider = Command::new(provider())
        .arg("-debug")
        .env("CORNER_FILE", corner.folder().join("objects.json"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(provider.stdout.take().unwrap()).lines();
    let line = lines.map_while(Result::ok).find(|line| line.contains("TF_REATTACH_PROVIDERS="));
    let variable = line.unwrap();
    let value = variable.split_once('=').unwrap().1.trim().trim_matches('\'').to_owned();
    corner.set("TF_REATTACH_PROVIDERS", &value);
    corner.unset("TF_CLI_CONFIG_FILE");
    corner.configure(THING);
    corner.run("init -input=false -no-color");
    corner.apply();
    corner.plan().assert_empty();
    corner.destroy();
    assert!(provider.try_wait().unwrap().is_none(), "a core has stopped what it did not start");
    provider.kill().unwrap();
    provider.wait().unwrap();
}
