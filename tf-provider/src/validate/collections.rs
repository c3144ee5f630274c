//! Rules for lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet};

use super::Validate;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::field::Field;
use crate::path::Path;
use crate::schema::{Kind, Nesting, Type};
use crate::value::Value;

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
    let in_set = matches!(C::kind(), Kind::Plain(Type::Set(_)) | Kind::Nested(Nesting::Set, _));
    match value {
        Value::List(elements) => {
            for (n, element) in elements.iter().enumerate() {
                // A path cannot lead into a set.
                visit(element, &if in_set { at.clone() } else { at.clone().index(n) });
            }
        }
        Value::Map(entries) => {
            entries.iter().for_each(|(key, element)| visit(element, &at.clone().key(key)));
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
            if elements.iter().take(n).any(|earlier| T::same(earlier, element)) {
                out.push(Diagnostic::invalid(&at.clone().index(n), "stands here twice"));
            }
        }
    }

    fn doc(&self) -> Option<String> {
        Some("no element twice".to_owned())
    }
}
