//! Rules for lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet};

use super::Validate;
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    field::Field,
    path::Path,
    schema::{AttributeType, Nesting},
    value::{Type, Value},
};

/// See [`each`].
#[derive(Clone, Copy, Debug)]
pub struct Each<V>(V);

/// A rule for each element of a list, set or map.
pub fn each<V>(rule: V) -> Each<V> {
    Each(rule)
}

/// Marks rules that are made of a rule that `By` tells apart.
#[doc(hidden)]
#[derive(Debug)]
pub struct Inside<By>(By);

macro_rules! each {
    ($($collection:ty $(: $ord:ident)?),*) => {$(
        impl<T: Field $(+ $ord)?, By, V: Validate<T, By>> Validate<$collection, Inside<By>>
            for Each<V>
        {
            fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
                each_element::<$collection>(value, at, |element, at| {
                    self.0.check(element, at, out);
                });
            }

            fn doc(&self) -> Option<String> {
                self.0.doc().map(|rule| format!("each element: {rule}"))
            }

            fn problem(&self) -> Option<String> {
                self.0.problem()
            }
        }
    )*};
}

each!(Vec<T>, BTreeSet<T>: Ord, BTreeMap<String, T>);

/// Visits the elements that are known and not null, each with the path that leads to it.
fn each_element<C: Field>(value: &Value, at: &Path, mut visit: impl FnMut(&Value, &Path)) {
    let mut visit = |element: &Value, at: &Path| {
        if element.is_known() && !element.is_null() {
            visit(element, at);
        }
    };
    let in_set = matches!(
        C::kind(),
        AttributeType::Plain(Type::Set(_)) | AttributeType::Nested(Nesting::Set, _)
    );
    match value {
        Value::List(elements) => {
            for (n, element) in elements.iter().enumerate() {
                // A path cannot lead into a set.
                visit(element, &if in_set { at.clone() } else { at.clone().index(n) });
            }
        }
        Value::Map(entries) => {
            for (key, element) in entries {
                visit(element, &at.clone().key(key));
            }
        }
        _ => {}
    }
}

/// See [`keys`].
#[derive(Clone, Copy, Debug)]
pub struct Keys<V>(V);

/// A rule for each key of a map.
pub fn keys<V>(rule: V) -> Keys<V> {
    Keys(rule)
}

impl<T: Field, By, V: Validate<String, By>> Validate<BTreeMap<String, T>, Inside<By>> for Keys<V> {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        if let Value::Map(entries) = value {
            for key in entries.keys() {
                self.0.check(&key.as_str().into(), &at.clone().key(key), out);
            }
        }
    }

    fn doc(&self) -> Option<String> {
        self.0.doc().map(|rule| format!("each key: {rule}"))
    }

    fn problem(&self) -> Option<String> {
        self.0.problem()
    }
}

/// See [`unique`].
#[derive(Clone, Copy, Debug)]
pub struct Unique;

/// A list without two elements that mean the same.
pub fn unique() -> Unique {
    Unique
}

impl<T: Field> Validate<Vec<T>> for Unique {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        let Value::List(elements) = value else { return };
        for (n, element) in elements.iter().enumerate().filter(|(_, one)| one.is_wholly_known()) {
            if elements.iter().take(n).any(|earlier| T::semantic_equals(earlier, element)) {
                out.push(Diagnostic::invalid(
                    &at.clone().index(n),
                    "duplicate of an earlier element",
                ));
            }
        }
    }

    fn doc(&self) -> Option<String> {
        Some("no element twice".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::{
        field::Normalized,
        validate::{length, prefix, range, tests::run},
    };

    #[test]
    fn each_reports_path_of_element() {
        let list = Value::list(["sg-1".into(), Value::unknown(), "x".into(), Value::Null]);
        let err = "must begin with `sg-`";
        assert_eq!(run::<Vec<String>, _, _>(each(prefix("sg-")), &list), [format!("a[2]: {err}")]);
        assert_eq!(
            run::<BTreeSet<String>, _, _>(each(prefix("sg-")), &list),
            [format!("a: {err}")]
        );
        let map = Value::map([("k", 7.into())]);
        assert_eq!(
            run::<BTreeMap<String, u8>, _, _>(each(range(..=5)), &map),
            [r#"a["k"]: must be at most 5"#],
        );
        let nested = Value::list([Value::list(["ab".into(), "c".into()])]);
        assert_eq!(
            run::<Vec<Vec<String>>, _, _>(each(each(length(2..))), &nested),
            ["a[0][1]: must have at least 2 characters, but has 1"],
        );
    }

    #[test]
    fn keys_reports_path_of_key() {
        let map = Value::map([("abc", Value::unknown())]);
        assert_eq!(
            run::<BTreeMap<String, u8>, _, _>(keys(length(..=2)), &map),
            [r#"a["abc"]: must have at most 2 characters, but has 3"#],
        );
    }

    #[test]
    fn unique_uses_semantic_equality() {
        let list = Value::list(["::1".into(), Value::unknown(), "0::1".into(), Value::unknown()]);
        assert_eq!(
            run::<Vec<Normalized<IpAddr>>, _, _>(unique(), &list),
            ["a[2]: duplicate of an earlier element"]
        );
        assert!(run::<Vec<String>, _, _>(unique(), &list).is_empty());
    }
}
