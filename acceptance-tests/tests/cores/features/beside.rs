//! What a provider offers besides objects, and how it is run.

use super::{THING, thing};
use crate::core::{Corner, provider};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

pub(super) fn functions(corner: &mut Corner) {
    let outputs = r#"
output "slug" {
  value = provider::corner::slug("One Thing")
}

pub(super) fn ephemeral(corner: &mut Corner) {
    corner.configure(
        r#"
ephemeral "corner_token" "it" {
  name = "me"
}

pub(super) fn actions(corner: &mut Corner) {
    let action =
        "action \"corner_note\" \"it\" {\n  config {\n    ids = [corner_thing.it.id]\n  }\n}\n";
    corner.configure(&format!("{THING}{action}"));
    corner.apply();
    let printed = corner.run("apply -auto-approve -no-color -invoke=action.corner_note.it");
    assert!(printed.contains("writing on thing-1"), "{printed}");
    assert_eq!(corner.objects()["thing-1"]["map"]["note"], "noted");

    let trigger = "lifecycle {\n  action_trigger {\n    events  = [after_update]\n    \
                   actions = [action.corner_note.it]\n  }\n}";
    corner.configure(&format!(
        "{action}{}",
        thing(&format!("name = \"It\"\nnote = \"n\"\n{trigger}"))
    ));
    let printed = corner.apply();
    assert!(printed.contains("writing on thing-1"), "{printed}");
    assert_eq!(corner.objects()["thing-1"]["map"]["note"], "noted");
}

pub(super) fn test(corner: &mut Corner) {
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

pub(super) fn reattach(corner: &mut Corner) {
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
