//! The cores, and a kitchen-sink provider for each test.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::Command,
};

use acceptance_tests::Terraform;
use serde_json::Value;

/// One program that speaks the plugin protocol from the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Core {
    pub(crate) product: &'static str,
    pub(crate) version: &'static str,
    minor: u32,
    /// In `target/tools`, or without a slash in PATH.
    program: &'static str,
}

pub(crate) const CORES: [Core; 4] = [
    Core { product: "Terraform", version: "1.11.4", minor: 11, program: "terraform" },
    Core {
        product: "Terraform",
        version: "1.14.9",
        minor: 14,
        program: "terraform-1.14.9/bin/terraform",
    },
    Core {
        product: "Terraform",
        version: "1.15.5",
        minor: 15,
        program: "terraform-1.15.5/bin/terraform",
    },
    Core { product: "OpenTofu", version: "1.12.6", minor: 12, program: "./tofu" },
];

/// The oldest of each product that offers something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    pub(crate) terraform: u32,
    pub(crate) opentofu: Option<u32>,
}

impl Core {
    /// Whether this core offers what came with those versions.
    pub(crate) fn offers(&self, since: Since) -> bool {
        let first = if self.product == "OpenTofu" { since.opentofu } else { Some(since.terraform) };
        first.is_some_and(|first| first <= self.minor)
    }

    /// The program, where it is installed in this very version.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        let program = if self.program.contains('/') {
            target().join("tools").join(self.program)
        } else {
            self.program.into()
        };
        let told = Command::new(&program)
            .arg("version")
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_CLI_CONFIG_FILE")
            .output()
            .ok()?;
        let expected = format!("{} v{}\n", self.product, self.version);
        String::from_utf8_lossy(&told.stdout).starts_with(&expected).then_some(program)
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.product, self.version)
    }
}

/// A core in a folder of its own, with a kitchen-sink provider and its service.
pub(crate) struct KitchenSink(Terraform);

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

impl KitchenSink {
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

impl Deref for KitchenSink {
    type Target = Terraform;

    fn deref(&self) -> &Terraform {
        &self.0
    }
}

impl DerefMut for KitchenSink {
    fn deref_mut(&mut self) -> &mut Terraform {
        &mut self.0
    }
}

/// The kitchen-sink provider under the name by which a core finds it.
pub(crate) fn provider() -> PathBuf {
    let examples = target().join("debug/examples");
    let built = examples.join("kitchen_sink");
    assert!(built.is_file(), "{} is not built: run `cargo xtask acceptance`", built.display());
    let named = examples.join("terraform-provider-kitchen");
    // Tests run at the same time; one of them is the first.
    std::os::unix::fs::symlink("kitchen_sink", &named).unwrap_or_default();
    assert!(named.is_file(), "{} cannot be made", named.display());
    named
}

/// The folder that cargo builds into: tests run from `<target>/debug/deps`.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}
