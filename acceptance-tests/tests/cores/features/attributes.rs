//! Attributes of every kind, and what may be said about one.

use super::thing;
use crate::core::Corner;
use serde_json::{Value, json};
use std::fs;

/// Every value that a kind of attribute can hold, and in each collection one that is unknown at plan.
pub(super) const KINDS: &str = r#"
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
  anything   = { name = corner_thing.other.id, sizes = tolist([1, 0.5]), none = null }
}
resource "corner_kinds" "empty" {
  texts    = []
  text_set = []
  list     = []
  map      = {}
  set      = []
  anything = 7
}
resource "corner_kinds" "later" {
  anything = corner_thing.other.id
}
resource "corner_kinds" "null" {
  anything = tostring(null)
}
output "exact" {
  value = corner_kinds.it.number == 123456789012345678901234567890.123456789 && corner_kinds.it.number_map.huge == 1e100
}
"#;

pub(super) fn every_kind(corner: &mut Corner) {
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
        ("/anything", json!({ "name": "thing-1", "sizes": [1, 0.5], "none": null })),
        ("/amount", json!(3)),
        ("/found/1/name", json!("thing-1")),
    ] {
        assert_eq!(it.pointer(place), Some(&expected), "{place}");
    }
    assert_eq!(corner.run("output -no-color exact").lines().next_back(), Some("true"));
    assert_eq!(corner.attributes("corner_kinds.empty")["set"], json!([]));
    assert_eq!(corner.attributes("corner_kinds.empty")["anything"], 7);
    assert_eq!(corner.attributes("corner_kinds.later")["anything"], "thing-1");
    assert_eq!(corner.attributes("corner_kinds.null")["set"], Value::Null);
    corner.assert_no_changes();

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
        .replace("tolist([1, 0.5])", "[1, 0.5]")
        .replace("truth      = true", "truth      = null");
    corner.configure(&changed);
    corner.plan().assert_in_place("corner_kinds.it", &["truth", "list"]);
    corner.apply();
    corner.assert_no_changes();

    // Another type, and none.
    corner.configure(&changed.replace("anything = 7", "anything = { size = \"7\" }"));
    corner.plan().assert_in_place("corner_kinds.empty", &["anything"]);
    corner.apply();
    corner.configure(&changed.replace("anything = 7", ""));
    corner.plan().assert_in_place("corner_kinds.empty", &["anything"]);
    corner.apply();
    corner.assert_no_changes();
    corner.destroy();
    assert_eq!(corner.count(), 0);
}

pub(super) fn spelling(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\naddress = \"2001:DB8::0001\""));
    corner.apply();
    assert_eq!(corner.objects()["thing-1"]["map"]["address"], "2001:db8::1");
    assert_eq!(corner.attributes("corner_thing.it")["address"], "2001:DB8::0001");
    corner.assert_no_changes();
    // Another spelling of the same address is no change.
    corner.configure(&thing("name = \"It\"\naddress = \"2001:db8:0::1\""));
    corner.assert_no_changes();
}

pub(super) fn validation(corner: &mut Corner) {
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

pub(super) fn deprecation(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\ncomment = \"c\""));
    let warnings = corner.plan_warnings();
    assert!(warnings.contains("Use `note`"), "{warnings}");
}

pub(super) fn sensitive(corner: &mut Corner) {
    corner.configure("resource \"corner_kinds\" \"it\" {\n  hidden = \"hunter2\"\n}\n");
    assert!(!corner.plan().text.contains("hunter2"));
    assert!(!corner.apply().contains("hunter2"));
    assert_eq!(corner.attributes("corner_kinds.it")["hidden"], "hunter2");
    corner.assert_no_changes();
}

pub(super) fn write_only(corner: &mut Corner) {
    corner.configure(&thing("name = \"It\"\nsecret = \"hunter2\"\nsecret_version = 1"));
    assert!(!corner.plan().json["resource_changes"].to_string().contains("hunter2"));
    corner.apply();
    let it = corner.attributes("corner_thing.it");
    assert_eq!([&it["secret"], &it["secret_length"]], [&Value::Null, &json!(7)]);
    corner.assert_no_changes();
    // Terraform cannot see that it changed; the version says so.
    corner.configure(&thing("name = \"It\"\nsecret = \"hunter2 and more\"\nsecret_version = 1"));
    corner.assert_no_changes();
    corner.configure(&thing("name = \"It\"\nsecret = \"hunter2 and more\"\nsecret_version = 2"));
    corner.apply();
    assert_eq!(corner.attributes("corner_thing.it")["secret_length"], 16);
    let state = fs::read_to_string(corner.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("hunter2"));
}
