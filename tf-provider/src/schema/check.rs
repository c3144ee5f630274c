//! Validation of a configuration against its schema, wherever its parts are known.

use super::{Attribute, Mode, Nesting, Object};
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    path::Path,
    value::Value,
};

impl Object {
    /// Runs every validator on every value that is known by now, and warns of what is deprecated.
    ///
    /// Called with whatever is known at the time, so it never complains about an unknown; Terraform
    /// asks again when more is known.
    pub fn check(&self, value: &Value) -> Diagnostics {
        let mut out = Diagnostics::new();
        if let Some(instead) = &self.deprecated {
            out.push(Diagnostic::warning("this is deprecated").detail(instead));
        }
        self.check_at(value, &Path::root(), &mut out);
        out
    }

    /// The same, of an object that stands at `at`.
    pub fn check_at(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        if matches!(value, Value::Map(_)) {
            for attribute in &self.attributes {
                let at = at.clone().attribute(&attribute.name);
                attribute.check_at(value.get(&attribute.name), &at, out);
            }
        }
    }
}

impl Attribute {
    /// Runs every validator of this attribute, and of those inside it, on a value of it.
    pub(crate) fn check_at(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        if value.is_null() {
            // Terraform itself refuses an attribute that is left out, but not one that is set to null.
            if self.mode == Mode::Required {
                out.push(Diagnostic::invalid(at, "must not be null"));
            }
            return;
        }
        // Core knows what is deprecated from the schema, and leaves it to us to say so.
        if let Some(instead) = &self.deprecated {
            let summary = format!("`{}` is deprecated", self.name);
            out.push(Diagnostic::warning(summary).detail(instead).at(at.clone()));
        }
        if !value.is_known() {
            return;
        }
        let mut found = Diagnostics::new();
        self.check_inside(value, at, &mut found);
        if !found.has_errors() {
            for validator in &self.validators {
                validator.check(value, at, &mut found);
            }
        }
        if self.sensitive || self.write_only {
            hide(value, &mut found);
        }
        out.extend(found);
    }

    fn check_inside(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        let Some((nesting, object)) = self.kind.objects() else {
            return (self.check_parts)(value, at, out);
        };
        match (nesting, value) {
            (Nesting::Single, value) => object.check_at(value, at, out),
            (Nesting::List, Value::List(elements)) => {
                for (n, element) in elements.iter().enumerate() {
                    self.check_element(object, element, &at.clone().index(n), out);
                }
            }
            (Nesting::Set, Value::List(elements)) => {
                for element in elements {
                    // A path cannot lead into a set.
                    let mut found = Diagnostics::new();
                    self.check_element(object, element, at, &mut found);
                    out.extend(found.into_iter().map(|diagnostic| diagnostic.at(at.clone())));
                }
            }
            (Nesting::Map, Value::Map(entries)) => {
                for (key, element) in entries {
                    self.check_element(object, element, &at.clone().key(key), out);
                }
            }
            _ => {}
        }
    }

    fn check_element(&self, object: &Object, element: &Value, at: &Path, out: &mut Diagnostics) {
        if element.is_null() && !self.null_elements {
            out.push(Diagnostic::invalid(at, "must not be null"));
        } else {
            object.check_at(element, at, out);
        }
    }
}

/// Takes a secret out of what is said about it.
fn hide(value: &Value, found: &mut Diagnostics) {
    match value {
        Value::String(text) if !text.is_empty() => {
            // As it is, and as `{:?}` writes it: a key has several lines.
            let quoted = format!("{text:?}");
            for diagnostic in found.iter_mut() {
                let detail = diagnostic.detail.replace(text.as_str(), "(sensitive value)");
                diagnostic.detail = detail.replace(&quoted, "\"(sensitive value)\"");
            }
        }
        Value::List(elements) => elements.iter().for_each(|element| hide(element, found)),
        Value::Map(entries) => entries.values().for_each(|element| hide(element, found)),
        Value::Number(number) => hide(&Value::String(number.to_string()), found),
        Value::Dynamic(inner) => hide(&inner.1, found),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::IpAddr};

    use secrecy::SecretString;
    use tf_provider_derive::Model;

    use super::*;
    use crate::{
        field::{Field, Normalized},
        model::Model as _,
        validate::{length, one_of, range},
    };

    /// Everything that can be wrong.
    #[derive(Model)]
    struct Thing {
        /// A name.
        #[tf(validate = length(1..=3), validate = no_x)]
        name: Option<String>,
        /// Addresses.
        peers: Option<Vec<Normalized<IpAddr>>>,
        /// Rules.
        rules: Option<Vec<Rule>>,
        /// Rules with gaps.
        gaps: Option<Vec<Option<Rule>>>,
        /// Rules without order.
        set: Option<BTreeSet<Rule>>,
        /// Rules as a whole.
        #[tf(plain)]
        flat: Option<Vec<Rule>>,
        /// A secret.
        #[tf(validate = no_digits)]
        secret: Option<SecretString>,
        /// An integer that is too narrow for some numbers.
        small: Option<u8>,
        /// Another name.
        #[tf(deprecated = "use `name`")]
        title: Option<String>,
    }

    /// A rule.
    #[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
    struct Rule {
        /// A port.
        #[tf(validate = range(1..=9))]
        port: u16,
        /// An action.
        #[tf(validate = one_of(["allow", "deny"]))]
        action: Option<String>,
    }

    fn no_x(text: &str) -> Result<(), &'static str> {
        if text.contains('x') { Err("has an x") } else { Ok(()) }
    }

    fn no_digits(secret: &SecretString) -> Result<(), String> {
        let Value::String(text) = secret.encode() else { return Ok(()) };
        match (text.contains('7'), text.contains('\n')) {
            (true, _) => Err(format!("`{text}` has digits")),
            (_, true) => Err(format!("{text:?} has lines")),
            _ => Ok(()),
        }
    }

    #[track_caller]
    fn check(name: &str, value: Value, expected: &[(&str, &str)]) {
        let found = Thing::object().check(&Value::map([(name, value)]));
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.path.as_ref().unwrap().to_string(), one.detail.as_str()))
            .collect();
        let found: Vec<_> = found.iter().map(|(path, detail)| (path.as_str(), *detail)).collect();
        assert_eq!(found, expected);
    }

    fn rule(port: impl Into<Value>) -> Value {
        Value::map([("port", port.into()), ("action", "allow".into())])
    }

    #[test]
    fn ok_valid_or_unknown_values() {
        check("name", "abc".into(), &[]);
        check("name", Value::Null, &[]);
        check("name", Value::unknown(), &[]);
        check("peers", Value::list(["::1".into(), Value::unknown()]), &[]);
        check("rules", Value::list([rule(1), rule(Value::unknown()), Value::unknown()]), &[]);
        check("gaps", Value::list([Value::Null, rule(1)]), &[]);
        assert!(Thing::object().schema_errors().is_empty());
    }

    #[test]
    fn err_at_the_right_place() {
        check("name", "abcd".into(), &[("name", "must have 1 to 3 characters, but has 4")]);
        check("name", "x".into(), &[("name", "has an x")]);
        check("name", 1.into(), &[("name", "a string is required, not a number")]);
        check(
            "peers",
            Value::list([Value::unknown(), "junk".into(), Value::Null]),
            &[("peers[1]", "invalid IP address syntax"), ("peers[2]", "must not be null")],
        );
        check(
            "rules",
            Value::list([rule(Value::unknown()), rule(10), Value::Null]),
            &[("rules[1].port", "must be from 1 to 9"), ("rules[2]", "must not be null")],
        );
        check(
            "gaps",
            Value::list([Value::Null, rule(0)]),
            &[("gaps[1].port", "must be from 1 to 9")],
        );
        check("flat", Value::list([rule(0)]), &[("flat[0].port", "must be from 1 to 9")]);
        check(
            "small",
            Value::Number("1.5".parse().unwrap()),
            &[("small", "must be a whole number from 0 to 255")],
        );
    }

    #[test]
    fn deprecated_attribute_warns_where_it_is_set() {
        check("title", "abc".into(), &[("title", "use `name`")]);
        check("title", Value::unknown(), &[("title", "use `name`")]);
        check("title", Value::Null, &[]);
        let old = Thing::object().deprecated("use a rule").check(&Value::map::<&str>([]));
        assert_eq!(old.iter().next().unwrap().detail, "use a rule");
        assert!(!old.has_errors());
    }

    #[test]
    fn required_attribute_that_is_null_is_refused() {
        let rule = || Value::map([("port", Value::Null), ("action", "allow".into())]);
        let missing = "must not be null";
        check("rules", Value::list([rule()]), &[("rules[0].port", missing)]);
        check("flat", Value::list([rule()]), &[("flat[0].port", missing)]);
        check("set", Value::list([rule()]), &[("set", missing)]);
        let found = Rule::object().check(&Value::map([("port", Value::Null)]));
        assert_eq!(found.to_string(), "port: invalid value of `port`");
    }

    #[test]
    fn error_in_a_set_is_reported_at_the_set() {
        let found = Thing::object().check(&Value::map([("set", Value::list([rule(0)]))]));
        let one = found.iter().next().unwrap();
        assert_eq!(one.path, Some("set".into()));
        assert_eq!(one.summary, "invalid value of `set.port`");
    }

    #[test]
    fn error_hides_sensitive_values() {
        check("secret", "hunter7".into(), &[("secret", "`(sensitive value)` has digits")]);
        let lines = "-- \"a\" --\nhunter's\n";
        check("secret", lines.into(), &[("secret", "\"(sensitive value)\" has lines")]);
    }
}
