//! `Validate…Config`: what can be said of a configuration before anything is done.
//!
//! It runs without a client, many times, and while parts are unknown; Terraform asks again when they are known.

use std::collections::BTreeSet;

use super::{
    Component, catch_panic,
    plan::propose,
    traverse::{self, elements},
};
use crate::{
    Diagnostic, Diagnostics, Path, Value,
    schema::{AttributeType, Nesting, Object},
};

/// Validators first, then rules across attributes, then the author's `check`; each only on what the ones
/// before it found in order, so that one mistake is told once.
pub(crate) fn validate(component: &dyn Component, config: &Value) -> Diagnostics {
    let declaration = component.declaration();
    let description = format!("validate {}", declaration.name);
    let rules = || {
        let mut found = declaration.object.check(config);
        refuse_duplicates(&declaration.object, config, &Path::root(), &mut found);
        for constraint in &declaration.constraints {
            found.extend(constraint.check(config));
        }
        if !found.has_errors() {
            found.extend(component.check(config));
        }
        found
    };
    catch_panic(&description, rules).unwrap_or_else(|bug| bug)
}

/// Elements of a set that their defaults make the same: Terraform takes a plan that has fewer elements than the
/// configuration for a bug.
fn refuse_duplicates(object: &Object, config: &Value, at: &Path, found: &mut Diagnostics) {
    traverse::attributes(object, config, [], |attribute, config, []| {
        let at = at.clone().attribute(&attribute.name);
        let AttributeType::Nested(nesting, object) = &attribute.kind else { return Value::Null };
        if *nesting == Nesting::Set {
            let known = elements(config).iter().filter(|element| element.is_wholly_known());
            let planned = known.map(|element| propose(object, &Value::Null, element));
            let planned: Vec<_> = planned.collect();
            if planned.iter().collect::<BTreeSet<_>>().len() < planned.len() {
                let twice = Diagnostic::error(format!("`{at}` contains a duplicate element"));
                let why = "Two elements are equal once defaults are filled in.";
                found.push(twice.at(at.clone()).detail(why).remedy("remove one of them."));
            }
        }
        traverse::objects(*nesting, config, [], &at, |config, [], at| {
            refuse_duplicates(object, config, at, found);
            Value::Null
        })
    });
}

/// Write-only attributes that are set, for a Terraform that would store them.
pub(crate) fn refuse_write_only(object: &Object, config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    refuse_write_only_at(object, config, &Path::root(), &mut found);
    found
}

fn refuse_write_only_at(object: &Object, config: &Value, at: &Path, found: &mut Diagnostics) {
    traverse::attributes(object, config, [], |attribute, config, []| {
        let at = at.clone().attribute(&attribute.name);
        match &attribute.kind {
            _ if attribute.write_only && !config.is_null() => found.push(
                Diagnostic::error(
                    "write-only attributes are not supported by this version of Terraform",
                )
                .detail(format!("It would store `{at}` in the state."))
                .remedy("use Terraform 1.11 or OpenTofu 1.11 or later, or remove the attribute.")
                .at(at),
            ),
            AttributeType::Nested(nesting, object) => {
                traverse::objects(*nesting, config, [], &at, |config, [], at| {
                    refuse_write_only_at(object, config, at, found);
                    Value::Null
                });
            }
            _ => {}
        }
        Value::Null
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Json, Model,
        lifecycle::{Declaration, Typed},
        testkit::{Thing, full, thing, value},
    };

    #[track_caller]
    fn check(config: Json, expected: &str) {
        let resource = Typed::<Thing>::resource();
        let found = validate(&resource, &thing(config));
        assert_eq!(found.to_string(), expected);
    }

    #[test]
    fn ok_without_a_client_and_with_unknowns() {
        check(json!({"name": "a"}), "");
        check(json!({"name": "?", "zone": "?", "peer": "?", "peers": ["?"], "doors": "?"}), "");
        check(json!({"name": "a", "doors": [{"width": "?"}]}), "");
        check(json!({"name": "a", "zone": "?", "port": 22}), "");
    }

    #[test]
    fn each_mistake_is_reported_once_in_its_place() {
        check(json!({"name": ""}), "name: invalid value of `name`");
        check(json!({"name": "a", "peer": "junk"}), "peer: invalid value of `peer`");
        check(json!({"name": "a", "port": 65536}), "port: invalid value of `port`");
        check(
            json!({"name": "a", "doors": [{"width": 1}, {"width": 256}]}),
            "doors[1].width: invalid value of `doors[1].width`",
        );
        check(json!({"name": "a", "zone": "public", "port": 22}), "port: no port 22 in public");
        // The known parts of what is not wholly known.
        check(
            json!({"name": "?", "doors": [{"width": "?"}, {"width": 256}]}),
            "doors[1].width: invalid value of `doors[1].width`",
        );
    }

    #[test]
    fn err_conflicting_attributes() {
        check(
            json!({"name": "a", "peer": "::1", "peers": ["::2"]}),
            "peer: `peer` and `peers` cannot be set together",
        );
    }

    /// Rules.
    #[derive(Model)]
    struct Rules {
        /// Them.
        rules: BTreeSet<Rule>,
    }

    /// A rule.
    #[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
    struct Rule {
        /// Its port.
        port: u16,
        /// Its protocol.
        #[tf(default = "tcp")]
        protocol: String,
    }

    #[test]
    fn err_elements_of_a_set_that_defaults_make_the_same() {
        let component =
            Typed::<Rules>::new(Declaration::new("rules", Rules::object()), |_| Diagnostics::new());
        let tcp = |port: Json| json!({"port": port, "protocol": "tcp"});
        for (rules, expected) in [
            (json!([{"port": 1}, tcp(1.into())]), "rules: `rules` contains a duplicate element"),
            (json!([{"port": 1}, tcp(2.into())]), ""),
            (json!([{"port": "?"}, tcp("?".into()), {"port": 1, "protocol": "?"}]), ""),
            (json!("?"), ""),
        ] {
            let config = full(&component.declaration().object, &value(json!({"rules": rules})));
            let found = validate(&component, &config);
            assert_eq!(found.to_string(), expected);
        }
    }

    #[test]
    fn panic_in_check_is_reported_as_a_bug() {
        check(json!({"name": "a", "zone": "panic"}), "the provider has a bug");
    }

    #[test]
    fn write_only_is_refused_for_old_terraform() {
        let resource = Typed::<Thing>::resource();
        let object = &resource.declaration().object;
        assert!(refuse_write_only(object, &thing(json!({"name": "a"}))).is_empty());
        let found = refuse_write_only(object, &thing(json!({"name": "a", "secret": "s"})));
        assert_eq!(
            found.to_string(),
            "secret: write-only attributes are not supported by this version of Terraform"
        );
    }
}
