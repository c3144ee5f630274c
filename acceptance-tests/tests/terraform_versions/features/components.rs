//! Functions, ephemeral resources and actions.

use std::fs;

use super::{THING, thing};
use crate::context::Context;

pub(super) fn functions(context: &mut Context) {
    let outputs = r#"
output "slug" {
  value = provider::kitchen::slug("One Thing")
}
output "count" {
  value = provider::kitchen::count("a", kitchen_thing.it.id, null)
}
"#;
    context.configure(&format!("{THING}{outputs}"));
    context.apply();
    let output = |name| context.run(&format!("output -no-color {name}"));
    assert_eq!(output("slug").lines().next_back(), Some("\"one-thing\""));
    assert_eq!(output("count").lines().next_back(), Some("2"));
    context.assert_no_changes();
    context.configure(&outputs.replace("One Thing", "").replace("kitchen_thing.it.id", "\"b\""));
    let errors = context.plan_errors();
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

pub(super) fn ephemeral(context: &mut Context) {
    context.configure(TOKEN);
    context.apply();
    let it = context.attributes("kitchen_thing.it");
    assert_eq!(it["secret_length"], "token-1 for me".len());
    let state = fs::read_to_string(context.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("for me"));

    let objects = context.objects();
    let tokens = objects.as_object().unwrap().iter().filter(|(id, _)| id.starts_with("token-"));
    let tokens: Vec<_> = tokens.map(|(_, token)| &token["map"]).collect();
    assert!(tokens.iter().all(|token| token["open"] == false), "{tokens:?}");
    assert!(tokens.iter().any(|token| token["renewed"]["number"] != "0"), "{tokens:?}");
    context.assert_no_changes();
}

pub(super) fn actions(context: &mut Context) {
    let action =
        "action \"kitchen_note\" \"it\" {\n  config {\n    ids = [kitchen_thing.it.id]\n  }\n}\n";
    context.configure(&format!("{THING}{action}"));
    context.apply();
    let printed = context.run("apply -auto-approve -no-color -invoke=action.kitchen_note.it");
    assert!(printed.contains("writing on thing-1"), "{printed}");
    assert_eq!(context.objects()["thing-1"]["map"]["note"], "noted");

    let trigger = "lifecycle {\n  action_trigger {\n    events  = [after_update]\n    \
                   actions = [action.kitchen_note.it]\n  }\n}";
    context.configure(&format!(
        "{action}{}",
        thing(&format!("name = \"It\"\nnote = \"n\"\n{trigger}"))
    ));
    let printed = context.apply();
    assert!(printed.contains("writing on thing-1"), "{printed}");
    assert_eq!(context.objects()["thing-1"]["map"]["note"], "noted");
}
