//! Attributes of every kind, and their validation, deprecation and sensitivity.

use std::fs;

use serde_json::{Value, json};

use super::thing;
use crate::context::Context;

/// Every value that a kind of attribute can hold, and in each collection one that is unknown at plan.
pub(super) const KINDS: &str = r#"
resource "kitchen_thing" "other" {
  name = "Other"
}
resource "kitchen_kinds" "it" {
  text       = kitchen_thing.other.id
  truth      = true
  whole      = 9007199254740993
  float      = 0.1
  number     = 123456789012345678901234567890.123456789
  hidden     = "hunter2"
  texts      = ["b", kitchen_thing.other.id, "a"]
  text_set   = ["b", kitchen_thing.other.id, "a", "a"]
  number_map = { tenth = 0.1, huge = 1e100, tiny = -1e-100 }
  grid       = [[1, 2], [], [0.5]]
  single     = { name = kitchen_thing.other.id }
  list       = [{ name = "x", size = 2 }, { name = kitchen_thing.other.id, inner = [{ name = "i" }] }]
  map        = { one = { name = "one" }, other = { name = kitchen_thing.other.id, note = "n" } }
  set        = [{ name = "s" }, { name = kitchen_thing.other.id, port = 80 }, { name = "u", protocol = "udp" }]
  flat       = [{ name = "f" }, { name = kitchen_thing.other.id, port = 80 }]
  anything   = { name = kitchen_thing.other.id, sizes = tolist([1, 0.5]), none = null }
}
resource "kitchen_kinds" "empty" {
  texts    = []
  text_set = []
  list     = []
  map      = {}
  set      = []
  anything = 7
}
resource "kitchen_kinds" "later" {
  anything = kitchen_thing.other.id
}
resource "kitchen_kinds" "null" {
  anything = tostring(null)
}
output "exact" {
  value = kitchen_kinds.it.number == 123456789012345678901234567890.123456789 && kitchen_kinds.it.number_map.huge == 1e100
}
"#;

pub(super) fn every_kind(context: &mut Context) {
    context.configure(KINDS);
    context.apply();
    let it = context.attributes("kitchen_kinds.it");
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
        ("/anything", json!({ "name": "thing-1", "sizes": [1, 0.5], "none": null })),
        ("/amount", json!(3)),
        ("/found/1/name", json!("thing-1")),
    ] {
        assert_eq!(it.pointer(place), Some(&expected), "{place}");
    }
    assert_eq!(context.run("output -no-color exact").lines().next_back(), Some("true"));
    assert_eq!(context.attributes("kitchen_kinds.empty")["set"], json!([]));
    assert_eq!(context.attributes("kitchen_kinds.empty")["anything"], 7);
    assert_eq!(context.attributes("kitchen_kinds.later")["anything"], "thing-1");
    assert_eq!(context.attributes("kitchen_kinds.null")["set"], Value::Null);
    context.assert_no_changes();

    // An element in front, another order, other numbers: only what differs changes.
    let changed = KINDS
        .replace(
            "[{ name = \"x\", size = 2 }, ",
            "[{ name = \"new\" }, { name = \"x\", size = 2 }, ",
        )
        .replace(
            "[\"b\", kitchen_thing.other.id, \"a\", \"a\"]",
            "[\"a\", kitchen_thing.other.id, \"b\"]",
        )
        .replace("0.1", "0.10")
        .replace("tolist([1, 0.5])", "[1, 0.5]")
        .replace("truth      = true", "truth      = null");
    context.configure(&changed);
    context.plan().assert_in_place("kitchen_kinds.it", &["truth", "list"]);
    context.apply();
    context.assert_no_changes();

    // Another type, and none.
    context.configure(&changed.replace("anything = 7", "anything = { size = \"7\" }"));
    context.plan().assert_in_place("kitchen_kinds.empty", &["anything"]);
    context.apply();
    context.configure(&changed.replace("anything = 7", ""));
    context.plan().assert_in_place("kitchen_kinds.empty", &["anything"]);
    context.apply();
    context.assert_no_changes();
    context.destroy();
    assert_eq!(context.count(), 0);
}

pub(super) fn spelling(context: &mut Context) {
    context.configure(&thing("name = \"It\"\naddress = \"2001:DB8::0001\""));
    context.apply();
    assert_eq!(context.objects()["thing-1"]["map"]["address"], "2001:db8::1");
    assert_eq!(context.attributes("kitchen_thing.it")["address"], "2001:DB8::0001");
    context.assert_no_changes();
    // Another spelling of the same address is no change.
    context.configure(&thing("name = \"It\"\naddress = \"2001:db8:0::1\""));
    context.assert_no_changes();
}

pub(super) fn validation(context: &mut Context) {
    context.configure(&thing("name = \"\""));
    let errors = context.plan_errors();
    assert!(errors.contains("name = \"\""), "{errors}");
    context.configure(&thing("name = \"It\"\nzone = \"public\"\nport = 22"));
    let errors = context.plan_errors();
    assert!(errors.contains("port = 22"), "{errors}");
    context.configure(&thing("name = \"It\"\nsecret = \"s\""));
    let errors = context.plan_errors();
    assert!(errors.contains("secret_version"), "{errors}");
}

pub(super) fn deprecation(context: &mut Context) {
    context.configure(&thing("name = \"It\"\ncomment = \"c\""));
    let warnings = context.plan_warnings();
    assert!(warnings.contains("Use `note`"), "{warnings}");
}

pub(super) fn sensitive(context: &mut Context) {
    context.configure("resource \"kitchen_kinds\" \"it\" {\n  hidden = \"hunter2\"\n}\n");
    assert!(!context.plan().text.contains("hunter2"));
    assert!(!context.apply().contains("hunter2"));
    assert_eq!(context.attributes("kitchen_kinds.it")["hidden"], "hunter2");
    context.assert_no_changes();
}

pub(super) fn write_only(context: &mut Context) {
    context.configure(&thing("name = \"It\"\nsecret = \"hunter2\"\nsecret_version = 1"));
    assert!(!context.plan().json["resource_changes"].to_string().contains("hunter2"));
    context.apply();
    let it = context.attributes("kitchen_thing.it");
    assert_eq!([&it["secret"], &it["secret_length"]], [&Value::Null, &json!(7)]);
    context.assert_no_changes();
    // Terraform cannot see that it changed; the version says so.
    context.configure(&thing("name = \"It\"\nsecret = \"hunter2 and more\"\nsecret_version = 1"));
    context.assert_no_changes();
    context.configure(&thing("name = \"It\"\nsecret = \"hunter2 and more\"\nsecret_version = 2"));
    context.apply();
    assert_eq!(context.attributes("kitchen_thing.it")["secret_length"], 16);
    let state = fs::read_to_string(context.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("hunter2"));
}
