//! Everything that a core can do with a provider, each with its proof.

mod attributes;
mod beside;
mod import;
mod life;

use crate::core::{KitchenSink, Since};

/// One line of the table.
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) since: Since,
    /// Fails where the core does not have it.
    pub(crate) proof: fn(&mut KitchenSink),
}

const EVERYWHERE: Since = Since { terraform: 0, opentofu: Some(0) };
const IDENTITIES: Since = Since { terraform: 12, opentofu: Some(12) };
/// Lists and actions came together.
const QUERIES: Since = Since { terraform: 14, opentofu: None };

const fn feature(name: &'static str, since: Since, proof: fn(&mut KitchenSink)) -> Feature {
    Feature { name, since, proof }
}

pub(crate) const FEATURES: &[Feature] = &[
    feature("create and destroy, an attribute of every kind", EVERYWHERE, attributes::every_kind),
    feature("update in place", EVERYWHERE, life::update),
    feature("replace", EVERYWHERE, life::replace),
    feature("drift is seen and healed", EVERYWHERE, life::drift),
    feature("spelling of the user kept", EVERYWHERE, attributes::spelling),
    feature("validation with the place of the error", EVERYWHERE, attributes::validation),
    feature("deprecation", EVERYWHERE, attributes::deprecation),
    feature("provider configuration not known yet", EVERYWHERE, life::unknown_configuration),
    feature("data source", EVERYWHERE, life::data_source),
    feature("import by id", EVERYWHERE, import::import_by_id),
    feature("import by identity", IDENTITIES, import::import_by_identity),
    feature("import with generated configuration", EVERYWHERE, import::import_generated),
    feature("upgrade of an earlier state", EVERYWHERE, life::upgrade),
    feature("upgrade of an earlier identity", IDENTITIES, life::upgrade_identity),
    feature("`moved` from another provider's type", EVERYWHERE, import::moved),
    feature("private state", EVERYWHERE, life::private_state),
    feature("sensitive attributes", EVERYWHERE, attributes::sensitive),
    feature("write-only attributes", EVERYWHERE, attributes::write_only),
    feature("functions", EVERYWHERE, beside::functions),
    feature("ephemeral resources: open, renew, close", EVERYWHERE, beside::ephemeral),
    feature("`query` with generated configuration", QUERIES, import::query),
    feature("actions: by hand and by a change", QUERIES, beside::actions),
    feature("`test`", EVERYWHERE, beside::test),
    feature("reattach to a provider in a debugger", EVERYWHERE, beside::reattach),
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
