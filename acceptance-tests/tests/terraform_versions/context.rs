//! One release in a folder of its own, with the kitchen-sink provider and its service.

use std::{
    fs,
    ops::{Deref, DerefMut},
    os::unix,
    path::{Path, PathBuf},
};

use acceptance_tests::Terraform;
use serde_json::Value;

use crate::releases::target;

/// Terraform with the kitchen-sink provider, whose service is a file.
pub(crate) struct Context(Terraform);

/// What every configuration starts with.
const PROVIDER: &str = r#"
terraform {
  required_providers {
    kitchen = {
      source = "registry.terraform.io/terraform-provider-tke/kitchen"
    }
  }
}
"#;

impl Context {
    pub(crate) fn new(program: &Path) -> Self {
        let folder = provider();
        let folder = folder.parent().unwrap();
        let source = "registry.terraform.io/terraform-provider-tke/kitchen";
        let mut terraform = Terraform::new(program, source, folder);
        let file = terraform.folder().join("objects.json").display().to_string();
        terraform.set("KITCHEN_FILE", &file);
        Self(terraform)
    }

    /// Makes this the whole configuration, below the lines that name the provider.
    pub(crate) fn configure(&self, hcl: &str) {
        self.write("main.tf", &format!("{PROVIDER}{hcl}"));
    }

    /// The attributes of every object of the service, by id.
    pub(crate) fn objects(&self) -> Value {
        let text = fs::read_to_string(self.folder().join("objects.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_else(|_| Value::Object(serde_json::Map::new()))
    }

    /// How many objects the service has.
    pub(crate) fn count(&self) -> usize {
        self.objects().as_object().unwrap().len()
    }
}

impl Deref for Context {
    type Target = Terraform;

    fn deref(&self) -> &Terraform {
        &self.0
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Terraform {
        &mut self.0
    }
}

/// The kitchen-sink provider under the name by which Terraform finds it.
pub(crate) fn provider() -> PathBuf {
    let examples = target().join("debug/examples");
    let built = examples.join("kitchen_sink");
    assert!(built.is_file(), "{} is not built: run `cargo xtask acceptance`", built.display());
    let named = examples.join("terraform-provider-kitchen");
    // Tests run at the same time; one of them is the first.
    unix::fs::symlink("kitchen_sink", &named).unwrap_or_default();
    assert!(named.is_file(), "{} cannot be made", named.display());
    named
}
