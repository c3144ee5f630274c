//! What a provider offers besides objects, and how it is run.

use super::{THING, thing};
use crate::core::{Corner, provider};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

pub(super) fn functions(corner: &mut Corner) {
    let outputs = r#"
output "slug" {
  value = provider::corner::slug("One Thing")
}
output "count" {
  value = provider::corner::count("a", corner_thing.it.id, null)
}
"#;
    corner.configure(&format!("{THING}{outputs}"));
    corner.apply();
    let output = |name| corner.run(&format!("output -no-color {name}"));
    assert_eq!(output("slug").lines().next_back(), Some("\"one-thing\""));
    assert_eq!(output("count").lines().next_back(), Some("2"));
    corner.assert_no_changes();
    corner.configure(&outputs.replace("One Thing", "").replace("corner_thing.it.id", "\"b\""));
    let errors = corner.plan_errors();
    assert!(errors.contains("nothing to make a slug of"), "{errors}");
}

const TOKEN: &str = r#"
ephemeral "corner_token" "it" {
  name = "me"
}
resource "corner_thing" "it" {
  name           = "It"
  secret         = ephemeral.corner_token.it.token
  secret_version = 1
}
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command     = "test -n \"$TOKEN\" && sleep 2"
    environment = { TOKEN = ephemeral.corner_token.it.token }
  }
}
"#;

pub(super) fn ephemeral(corner: &mut Corner) {
    corner.configure(TOKEN);
    corner.apply();
    let it = corner.attributes("corner_thing.it");
    assert_eq!(it["secret_length"], "token-1 for me".len());
    let state = fs::read_to_string(corner.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("for me"));

    let objects = corner.objects();
    let tokens = objects.as_object().unwrap().iter().filter(|(id, _)| id.starts_with("token-"));
    let tokens: Vec<_> = tokens.map(|(_, token)| &token["map"]).collect();
    assert!(tokens.iter().all(|token| token["open"] == false), "{tokens:?}");
    assert!(tokens.iter().any(|token| token["renewed"]["number"] != "0"), "{tokens:?}");
    corner.assert_no_changes();
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

const TESTS: &str = r#"
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
run "default" {
  command = plan
  variables {
    note = null
  }
  assert {
    condition     = corner_thing.it.note == "none"
    error_message = "the default is not planned"
  }
}
"#;

pub(super) fn test(corner: &mut Corner) {
    let variable = "variable \"note\" {\n  default = \"n\"\n}\n";
    corner.configure(&format!("{variable}{}", thing("name = \"It\"\nnote = var.note")));
    corner.write("it.tftest.hcl", TESTS);
    let printed = corner.run("test -no-color");
    assert!(printed.contains("3 passed, 0 failed"), "{printed}");
    assert_eq!(corner.count(), 0);
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
    corner.assert_no_changes();
    corner.destroy();
    assert!(provider.try_wait().unwrap().is_none(), "a core has stopped what it did not start");
    provider.kill().unwrap();
    provider.wait().unwrap();
}
