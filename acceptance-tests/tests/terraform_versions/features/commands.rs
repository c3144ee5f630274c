//! The commands of Terraform that work with a provider in other ways than plan and apply.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use super::{THING, thing};
use crate::context::{Context, provider};

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

pub(super) fn test(context: &mut Context) {
    let variable = "variable \"note\" {\n  default = \"n\"\n}\n";
    context.configure(&format!("{variable}{}", thing("name = \"It\"\nnote = var.note")));
    context.write("it.tftest.hcl", TESTS);
    let printed = context.run("test -no-color");
    assert!(printed.contains("3 passed, 0 failed"), "{printed}");
    assert_eq!(context.count(), 0);
}

pub(super) fn reattach(context: &mut Context) {
    let mut provider = Command::new(provider())
        .arg("-debug")
        .env("KITCHEN_FILE", context.folder().join("objects.json"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(provider.stdout.take().unwrap()).lines();
    let line = lines.map_while(Result::ok).find(|line| line.contains("TF_REATTACH_PROVIDERS="));
    let variable = line.unwrap();
    let value = variable.split_once('=').unwrap().1.trim().trim_matches('\'').to_owned();
    context.set("TF_REATTACH_PROVIDERS", &value);
    context.unset("TF_CLI_CONFIG_FILE");
    context.configure(THING);
    context.run("init -input=false -no-color");
    context.apply();
    context.assert_no_changes();
    context.destroy();
    assert!(
        provider.try_wait().unwrap().is_none(),
        "Terraform stopped a provider that it did not start"
    );
    provider.kill().unwrap();
    provider.wait().unwrap();
}
