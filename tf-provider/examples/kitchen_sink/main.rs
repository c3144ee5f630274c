//! A provider with every kind of attribute and every behaviour that a core can meet, and with faults
//! on demand. Its service is a file.

mod fault;
mod functions;
mod kinds;
mod lookup;
mod note;
mod store;
mod thing;
mod things;
mod token;

use std::process::ExitCode;

use tf_provider::{
    Components, ConfigureCx, Diagnostic, Maybe, Model, Normalized, Partial, Provider, Result,
};

use self::{
    fault::Fault,
    functions::{Count, Slug},
    kinds::Kinds,
    lookup::Lookup,
    note::Note,
    store::Store,
    thing::Thing,
    things::Things,
    token::Token,
};

/// Where the service is, and how it fails.
#[derive(Model)]
struct Config {
    /// The file that holds all objects. The environment variable `KITCHEN_FILE` stands in for it.
    file: Option<String>,
    /// What goes wrong, such as `panic after create`: one of `panic`, `error`, `slow`, `hang` or
    /// `change`, then `before` or `after`, then `create`, `update` or `delete`. The environment
    /// variable `KITCHEN_FAULT` stands in for it.
    fault: Option<Normalized<Fault>>,
}

struct KitchenSink;

impl Provider for KitchenSink {
    const NAME: &'static str = "kitchen";
    const SOURCE: &'static str = "terraform-provider-tke/kitchen";
    type Config = Config;
    type Client = Store;

    async fn configure(config: Partial<Config>, _cx: &ConfigureCx) -> Result<Store> {
        let fault = match (config.fault.into_known(), variable("KITCHEN_FAULT")) {
            (Some(fault), _) => Some(fault.into_value()),
            (None, Some(text)) => Some(text.parse().map_err(|error: fault::FaultError| {
                Diagnostic::error("`KITCHEN_FAULT` cannot be read").detail(error.to_string())
            })?),
            (None, None) => None,
        };
        // What is not known yet during a plan is no reason to fail: only those who need it do.
        let unknown = matches!(config.file, Maybe::Unknown);
        let file = config.file.into_known();
        let file = file.or_else(|| variable("KITCHEN_FILE").filter(|_| !unknown));
        Ok(Store::new(file.map(Into::into), fault))
    }

    fn components() -> Components<Store> {
        Components::new()
            .resource::<Kinds>()
            .resource::<Thing>()
            .data_source::<Lookup>()
            .ephemeral::<Token>()
            .list::<Things>()
            .action::<Note>()
            .function::<Count>()
            .function::<Slug>()
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this provider's one reader of the environment")]
    std::env::var(name).ok()
}

fn main() -> ExitCode {
    tf_provider::serve::<KitchenSink>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kitchen_sink_has_no_schema_errors() {
        assert_eq!(tf_provider::schema_errors::<KitchenSink>(), Vec::<String>::new());
    }
}
