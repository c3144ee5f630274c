//! Everything that Terraform can do with a provider, each with a test.

mod attributes;
mod commands;
mod components;
mod import;
mod lifecycle;

use crate::{context::Context, releases::Since};

/// One line of the table.
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) since: Since,
    /// Fails where the release does not support it.
    pub(crate) test: fn(&mut Context),
}

const EVERYWHERE: Since = Since { terraform: 0, opentofu: Some(0) };
const IDENTITIES: Since = Since { terraform: 12, opentofu: Some(12) };
/// Lists and actions came together.
const QUERIES: Since = Since { terraform: 14, opentofu: None };

const fn feature(name: &'static str, since: Since, test: fn(&mut Context)) -> Feature {
    Feature { name, since, test }
}

pub(crate) const FEATURES: &[Feature] = &[
    feature("create and destroy, an attribute of every kind", EVERYWHERE, attributes::every_kind),
    feature("update in place", EVERYWHERE, lifecycle::update),
    feature("replace", EVERYWHERE, lifecycle::replace),
    feature("drift is planned and corrected", EVERYWHERE, lifecycle::drift),
    feature("spelling of the configuration is kept", EVERYWHERE, attributes::spelling),
    feature("validation errors with their attribute path", EVERYWHERE, attributes::validation),
    feature("deprecation", EVERYWHERE, attributes::deprecation),
    feature(
        "provider configuration known after apply",
        EVERYWHERE,
        lifecycle::unknown_configuration,
    ),
    feature("data source", EVERYWHERE, lifecycle::data_source),
    feature("import by id", EVERYWHERE, import::import_by_id),
    feature("import by identity", IDENTITIES, import::import_by_identity),
    feature("import with generated configuration", EVERYWHERE, import::import_generated),
    feature("upgrade of an earlier state", EVERYWHERE, lifecycle::upgrade),
    feature("upgrade of an earlier identity", IDENTITIES, lifecycle::upgrade_identity),
    feature("`moved` from another provider's type", EVERYWHERE, import::moved),
    feature("private state", EVERYWHERE, lifecycle::private_state),
    feature("sensitive attributes", EVERYWHERE, attributes::sensitive),
    feature("write-only attributes", EVERYWHERE, attributes::write_only),
    feature("functions", EVERYWHERE, components::functions),
    feature("ephemeral resources: open, renew, close", EVERYWHERE, components::ephemeral),
    feature("`query` with generated configuration", QUERIES, import::query),
    feature("actions: invoked and triggered", QUERIES, components::actions),
    feature("`test`", EVERYWHERE, commands::test),
    feature("reattach to a provider in a debugger", EVERYWHERE, commands::reattach),
];

const THING: &str = r#"
resource "kitchen_thing" "it" {
  name = "It"
}
"#;

/// The same thing with other attributes.
fn thing(attributes: &str) -> String {
    format!("resource \"kitchen_thing\" \"it\" {{\n{attributes}\n}}\n")
}
