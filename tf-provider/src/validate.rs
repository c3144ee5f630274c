//! What an acceptable value fulfils.
//!
//! ```
//! use tf_provider::Model;
//! use tf_provider::validate::{each, length, one_of, prefix};
//!
//! /// A policy.
//! #[derive(Model)]
//! struct Policy {
//!     /// Its name.
//!     #[tf(validate = length(1..=60), validate = not_reserved)]
//!     name: String,
//!     /// What it does.
//!     #[tf(validate = one_of(["allow", "deny"]))]
//!     action: String,
//!     /// The groups that it binds.
//!     #[tf(validate = length(1..), validate = each(prefix("sg-")))]
//!     groups: Vec<String>,
//! }
//!
//! fn not_reserved(name: &str) -> Result<(), &'static str> {
//!     if name == "default" { Err("this name is taken by the service") } else { Ok(()) }
//! }
//! ```
//!
//! A rule sees nothing that is unknown: a function is called when the value is wholly known, and
//! the ready-made rules look at the parts that are.

mod collections;
mod numbers;
mod text;

use std::{borrow::Borrow, fmt::Display, sync::Arc};

pub use self::{
    collections::{Each, Keys, Unique, each, keys, unique},
    numbers::{Numeric, Range, range},
    text::{
        Cidr, HasLength, Length, NonEmpty, OneOf, Pattern, Prefix, StringLike, cidr, length,
        non_empty, one_of, pattern, prefix,
    },
};
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    field::{Field, read},
    path::Path,
    schema::{Attribute, Validator},
    value::Value,
};

/// A rule for attributes that hold a `T`.
///
/// Every function from `&T`, or from what `T` borrows as (`&str` for `String`), to
/// `Result<(), E>` is one. `By` tells such functions apart and is never written.
pub trait Validate<T, By = ()>: Send + Sync + 'static {
    /// Says what is wrong. The value itself is known and not null; parts of it may be unknown.
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics);

    /// The rule in a few words, for the documentation.
    fn doc(&self) -> Option<String> {
        None
    }

    /// What is wrong with the rule itself.
    fn problem(&self) -> Option<String> {
        None
    }
}

impl<T, B, E, F> Validate<T, fn(&B) -> E> for F
where
    T: Field + Borrow<B>,
    B: ?Sized,
    E: Display,
    F: Fn(&B) -> Result<(), E> + Send + Sync + 'static,
{
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        if let Some(Err(error)) = read::<T>(value).map(|value| self(value.borrow())) {
            out.push(Diagnostic::invalid(at, error));
        }
    }
}

impl Validator {
    /// A rule for attributes that hold a `T`.
    pub fn new<T, By, V: Validate<T, By>>(rule: V) -> Self {
        let (doc, problem) = (rule.doc(), rule.problem());
        Self { check: Arc::new(move |value, at, out| rule.check(value, at, out)), doc, problem }
    }
}

impl Attribute {
    /// An acceptable value fulfils this, too.
    #[must_use]
    pub fn validate<T, By, V: Validate<T, By>>(mut self, rule: V) -> Self {
        self.validators.push(Validator::new(rule));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Number;

    /// Runs a rule for attributes that hold a `T` and returns each place with what is wrong.
    pub(super) fn run<T, By, V: Validate<T, By>>(rule: V, value: &Value) -> Vec<String> {
        let mut out = Diagnostics::new();
        Validator::new(rule).check(value, &"a".into(), &mut out);
        out.into_iter().map(|one| format!("{}: {}", one.path.unwrap(), one.detail)).collect()
    }

    #[derive(Debug)]
    struct Odd;

    impl Display for Odd {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("is odd")
        }
    }

    #[test]
    fn function_is_accepted_as_validator() {
        fn even(number: &Number) -> Result<(), Odd> {
            if number.to_i128().is_some_and(|int| int % 2 == 0) { Ok(()) } else { Err(Odd) }
        }
        fn short(text: &str) -> Result<(), String> {
            if text.len() < 3 { Ok(()) } else { Err(format!("`{text}` is long")) }
        }
        fn one(list: &[bool]) -> Result<(), &'static str> {
            if list.len() == 1 { Ok(()) } else { Err("is not one") }
        }
        assert_eq!(run::<Number, _, _>(even, &3.into()), ["a: is odd"]);
        assert!(run::<Number, _, _>(even, &4.into()).is_empty());
        assert_eq!(run::<String, _, _>(short, &"long".into()), ["a: `long` is long"]);
        assert_eq!(run::<Vec<bool>, _, _>(one, &Value::list([])), ["a: is not one"]);
        let unknown = Value::list([Value::unknown(), Value::unknown()]);
        assert!(run::<Vec<bool>, _, _>(one, &unknown).is_empty());
        let closure = |number: &i64| if *number > 0 { Ok(()) } else { Err("is negative") };
        assert_eq!(run::<i64, _, _>(closure, &(-1).into()), ["a: is negative"]);
    }
}
