//! Starts the runtime and serves; nothing else.

use std::process::ExitCode;

use terraform_provider_tke::provider::Tke;

fn main() -> ExitCode {
    tf_provider::serve::<Tke>()
}
