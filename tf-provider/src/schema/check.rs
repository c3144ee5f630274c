//! Validation of a configuration against its schema, wherever its parts are known.

use super::{Attribute, Nesting, Object};
use crate::diagnostics::Diagnostics;
use crate::path::Path;
use crate::value::Value;

impl Object {
    /// Runs every validator on every value that is known by now.
    ///
    /// Called with whatever is known at the time, so it never complains about an unknown; Terraform
    /// asks again when more is known.
    pub fn check(&self, value: &Value) -> Diagnostics {
        let mut out = Diagnostics::new();
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
        if value.is_null() || !value.is_known() {
            return;
        }
        let mut found = Diagnostics::new();
        match self.kind.objects() {
            None => (self.decodes)(value, at, &mut found),
            Some((nesting, object)) => object.check_each(nesting, value, at, &mut found),
        }
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
}

impl Object {
    fn check_each(&self, nesting: Nesting, value: &Value, at: &Path, out: &mut Diagnostics) {
        match (nesting, value) {
            (Nesting::Single, value) => self.check_at(value, at, out),
            (Nesting::List, Value::List(elements)) => {
                for (n, element) in elements.iter().enumerate() {
                    self.check_at(element, &at.clone().index(n), out);
                }
            }
            (Nesting::Set, Value::List(elements)) => {
                for element in elements {
                    // A path cannot lead into a set.
                    let mut found = Diagnostics::new();
                    self.check_at(element, at, &mut found);
                    out.extend(found.into_iter().map(|diagnostic| diagnostic.at(at.clone())));
                }
            }
            (Nesting::Map, Value::Map(entries)) => {
                for (key, element) in entries {
                    self.check_at(element, &at.clone().key(key), out);
                }
            }
            _ => {}
        }
    }
}

/// Takes a secret out of what is said about it.
fn hide(value: &Value, found: &mut Diagnostics) {
    match value {
        Value::String(text) if !text.is_empty() => {
            for diagnostic in found.iter_mut() {
                diagnostic.detail = diagnostic.detail.replace(text.as_str(), "(sensitive value)");
            }
        }
        Value::List(elements) => elements.iter().for_each(|element| hide(element, found)),
        Value::Map(entries) => entries.values().for_each(|element| hide(element, found)),
        Value::Number(number) => hide(&Value::String(number.to_string()), found),
        _ => {}
    }
}
