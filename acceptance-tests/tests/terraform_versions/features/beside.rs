//! What a provider offers besides objects, and how it is run.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use super::{THING, thing};
use crate::core::{KitchenSink, provider};

pub(super) fn functions(sink: &mut KitchenSink) {
    let outputs = r#"
output "slug" {
  value = provider::kitchen::slug("One Thing")
}
output "count" {
  value = provider::kitchen::count("a", kitchen_thing.it.id, null)
}
"#;
    sink.configure(&format!("{THING}{outputs}"));
    sink.apply();
    let output = |name| sink.run(&format!("output -no-color {name}"));
    assert_eq!(output("slug").lines().next_back(), Some("\"one-thing\""));
    assert_eq!(output("count").lines().next_back(), Some("2"));
    sink.assert_no_changes();
    sink.configure(&outputs.replace("One Thing", "").replace("kitchen_thing.it.id", "\"b\""));
    let errors = sink.plan_errors();
    assert!(errors.contains("nothing to make a slug of"), "{errors}");
}

const TOKEN: &str = r#"
ephemeral "kitchen_token" "it" {
  name = "me"
}
resource "kitchen_thing" "it" {
  name           = "It"
  secret         = ephemeral.kitchen_token.it.token
  secret_version = 1
}
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command     = "test -n \"$TOKEN\" && sleep 2"
    environment = { TOKEN = ephemeral.kitchen_token.it.token }
  }
}
"#;

pub(super) fn ephemeral(sink: &mut KitchenSink) {
    sink.configure(TOKEN);
    sink.apply();
    let it = sink.attributes("kitchen_thing.it");
    assert_eq!(it["secret_length"], "token-1 for me".len());
    let state = fs::read_to_string(sink.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("for me"));

    let objects = sink.objects();
    let tokens = objects.as_object().unwrap().iter().filter(|(id, _)| id.starts_with("token-"));
    let tokens: Vec<_> = tokens.map(|(_, token)| &token["map"]).collect();
    assert!(tokens.iter().all(|token| token["open"] == false), "{tokens:?}");
    assert!(tokens.iter().any(|token| token["renewed"]["number"] != "0"), "{tokens:?}");
    sink.assert_no_changes();
}

pub(super) fn actions(sink: &mut KitchenSink) {
    let action =
        "action \"kitchen_note\" \"it\" {\n  config {\n    ids = [kitchen_thing.it.id]\n  }\n}\n";
    sink.configure(&format!("{THING}{action}"));
    sink.apply();
    let printed = sink.run("apply -auto-approve -no-color -invoke=action.kitchen_note.it");
    assert!(printed.contains("writing on thing-1"), "{printed}");
    assert_eq!(sink.objects()["thing-1"]["map"]["note"], "noted");

    let trigger = "lifecycle {\n  action_trigger {\n    events  = [after_update]\n    \
                   actions = [action.kitchen_note.it]\n  }\n}";
    sink.configure(&format!(
        "{action}{}",
        thing(&format!("name = \"It\"\nnote = \"n\"\n{trigger}"))
    ));
    let printed = sink.apply();
    assert!(printed.contains("writing on thing-1"), "{printed}");
    assert_eq!(sink.objects()["thing-1"]["map"]["note"], "noted");
}

const TESTS: &str = r#"
run "create" {
  assert {
    condition     = kitchen_thing.it.slug == "it" && kitchen_thing.it.note == "n"
    error_message = "it was made otherwise"
  }
}
run "update" {
  variables {
    note = "m"
  }
  assert {
    condition     = kitchen_thing.it.revision == 2 && kitchen_thing.it.note == "m"
    error_message = "it was changed otherwise"
  }
}
run "default" {
  command = plan
  variables {
    note = null
  }
  assert {
    condition     = kitchen_thing.it.note == "none"
    error_message = "the default is not planned"
  }
}
"#;

pub(super) fn test(sink: &mut KitchenSink) {
    let variable = "variable \"note\" {\n  default = \"n\"\n}\n";
    sink.configure(&format!("{variable}{}", thing("name = \"It\"\nnote = var.note")));
    sink.write("it.tftest.hcl", TESTS);
    let printed = sink.run("test -no-color");
    assert!(printed.contains("3 passed, 0 failed"), "{printed}");
    assert_eq!(sink.count(), 0);
}

pub(super) fn reattach(sink: &mut KitchenSink) {
    let mut provider = Command::new(provider())
        .arg("-debug")
        .env("KITCHEN_FILE", sink.folder().join("objects.json"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(provider.stdout.take().unwrap()).lines();
    let line = lines.map_while(Result::ok).find(|line| line.contains("TF_REATTACH_PROVIDERS="));
    let variable = line.unwrap();
    let value = variable.split_once('=').unwrap().1.trim().trim_matches('\'').to_owned();
    sink.set("TF_REATTACH_PROVIDERS", &value);
    sink.unset("TF_CLI_CONFIG_FILE");
    sink.configure(THING);
    sink.run("init -input=false -no-color");
    sink.apply();
    sink.assert_no_changes();
    sink.destroy();
    assert!(provider.try_wait().unwrap().is_none(), "a core has stopped what it did not start");
    provider.kill().unwrap();
    provider.wait().unwrap();
}
