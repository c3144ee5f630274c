//! What one test runs in.

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
};

use serde_json::Value;
use tke_sandbox::{
    Sandbox,
    faults::{Fault, Injection},
};
use tokio::runtime::Runtime;

use crate::{OutOfBand, Terraform};

/// Terraform and a sandbox that it is pointed at.
///
/// When a test fails, everything that Terraform printed is shown, and the sandbox's request log.
#[derive(Debug)]
pub struct TestContext {
    terraform: Terraform,
    sandbox: Sandbox,
    /// Serves the sandbox, so it is dropped last.
    runtime: Runtime,
}

/// Where the provider says it is found.
const SOURCE: &str = "registry.terraform.io/terraform-provider-tke/tke";

/// What every configuration starts with.
const PROVIDER: &str = r#"terraform {
  required_providers {
    tke = {
      source = "registry.terraform.io/terraform-provider-tke/tke"
    }
  }
}
"#;

impl TestContext {
    /// Starts a sandbox and points Terraform at it.
    #[expect(clippy::new_without_default, reason = "it starts a sandbox")]
    pub fn new() -> Self {
        Self::start(Sandbox::start())
    }

    /// As [`TestContext::new`], with a sandbox that uses TLS and whose certificate nobody trusts.
    pub fn with_tls() -> Self {
        Self::start(Sandbox::start_tls())
    }

    fn start(sandbox: impl Future<Output = Sandbox>) -> Self {
        let runtime = Runtime::new().expect("a runtime can be started");
        let sandbox = runtime.block_on(sandbox);
        let provider = provider();
        let folder = provider.parent().expect("the provider lies in a folder");
        let program = std::env::var_os("TKE_TERRAFORM_BIN").unwrap_or_else(|| "terraform".into());
        let mut terraform = Terraform::new(program, SOURCE, folder);
        for (key, value) in sandbox.environment() {
            terraform.set(&key, &value);
        }
        Self { terraform, sandbox, runtime }
    }

    /// As [`TestContext::new`], with this configuration.
    pub fn configured(hcl: &str) -> Self {
        let context = Self::new();
        context.configure(hcl);
        context
    }

    /// The sandbox of this test.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Everything that cloud and cluster hold, comparable with an earlier state.
    pub fn sandbox_state(&self) -> Value {
        self.sandbox.state()
    }

    /// Injects a fault into the next request `on`, as the log of the sandbox names it.
    pub fn inject(&self, on: &str, fault: Fault) {
        self.sandbox.faults().add(Injection::new(on, fault));
    }

    /// Changes that somebody else makes, outside Terraform.
    pub fn out_of_band(&self) -> OutOfBand<'_> {
        OutOfBand::new(&self.sandbox, &self.runtime)
    }

    /// Makes this the whole configuration, below the line that names the provider.
    pub fn configure(&self, hcl: &str) {
        self.write("main.tf", &format!("{PROVIDER}\n{hcl}"));
    }
}

impl Deref for TestContext {
    type Target = Terraform;

    fn deref(&self) -> &Terraform {
        &self.terraform
    }
}

impl DerefMut for TestContext {
    fn deref_mut(&mut self) -> &mut Terraform {
        &mut self.terraform
    }
}

impl Drop for TestContext {
    #[expect(clippy::print_stderr, reason = "the harness shows it with the test that failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("The sandbox was asked:");
            for entry in self.sandbox.log().entries() {
                eprintln!("{}", serde_json::to_string(&entry).unwrap_or_default());
            }
        }
    }
}

/// The provider as it was built for the tests.
fn provider() -> PathBuf {
    let beside = || {
        // Tests run from `<target>/debug/deps`.
        let test = std::env::current_exe().expect("this program knows where it is");
        let folder = test.ancestors().nth(2).expect("it lies in a target folder");
        folder.join("terraform-provider-tke")
    };
    let provider = std::env::var_os("TKE_PROVIDER_BIN").map_or_else(beside, PathBuf::from);
    let built = provider.is_file();
    assert!(built, "{} is not built: run `cargo xtask acceptance`", provider.display());
    provider
}
