//! Lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet};

use super::Field;
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    path::Path,
    schema::{AttributeType, Mode, Nesting},
    value::{DecodeError, Type, Value, arrange_set},
};

/// A collection of objects has attributes to plan one by one; any other is one plain value.
fn kind_of<T: Field>(nesting: Nesting, plain: fn(Box<Type>) -> Type) -> AttributeType {
    match T::kind() {
        AttributeType::Nested(Nesting::Single, object) => AttributeType::Nested(nesting, object),
        element => AttributeType::Plain(plain(Box::new(element.ty()))),
    }
}

fn decode_elements<T: Field, C: FromIterator<T>>(
    what: &str,
    value: Value,
) -> Result<C, DecodeError> {
    match value {
        Value::List(elements) => elements
            .into_iter()
            .enumerate()
            .map(|(n, element)| T::decode(element).map_err(|error| error.in_element(n)))
            .collect(),
        other => Err(DecodeError::expected(what, &other)),
    }
}

impl<T: Field> Field for Vec<T> {
    type Inner = Self;
    const SENSITIVE: bool = T::SENSITIVE;
    const NULL_ELEMENTS: bool = matches!(T::MODE, Mode::Optional);

    fn kind() -> AttributeType {
        kind_of::<T>(Nesting::List, Type::List)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        decode_elements::<T, _>("a list", value)
    }

    fn encode(&self) -> Value {
        Value::list(self.iter().map(T::encode))
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| T::semantic_equals(a, b))
            }
            (a, b) => a == b,
        }
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        if let Value::List(elements) = value {
            for (n, element) in elements.iter().enumerate() {
                check_element::<T>(element, &at.clone().index(n), out);
            }
        }
    }
}

impl<T: Field + Ord> Field for BTreeSet<T> {
    type Inner = Self;
    const SENSITIVE: bool = T::SENSITIVE;
    const NULL_ELEMENTS: bool = matches!(T::MODE, Mode::Optional);

    fn kind() -> AttributeType {
        kind_of::<T>(Nesting::Set, Type::Set)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        // A path cannot lead into a set.
        decode_elements::<T, _>("a set", value).map_err(|error| DecodeError::new(error.message()))
    }

    fn encode(&self) -> Value {
        let mut elements = self.iter().map(T::encode).collect();
        arrange_set(&mut elements);
        Value::List(elements)
    }

    /// Each element of one set means the same as an element of the other, and back.
    fn semantic_equals(a: &Value, b: &Value) -> bool {
        let (Value::List(a), Value::List(b)) = (a, b) else { return a == b };
        // Most elements are simply equal; only the others are worth comparing by meaning.
        let equal_in = |other: &[Value]| other.iter().cloned().collect::<BTreeSet<_>>();
        let (in_a, in_b) = (equal_in(a), equal_in(b));
        let covered = |of: &[Value], exact: &BTreeSet<Value>, by: &[Value]| {
            of.iter().all(|x| exact.contains(x) || by.iter().any(|y| T::semantic_equals(x, y)))
        };
        covered(a, &in_b, b) && covered(b, &in_a, a)
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        if let Value::List(elements) = value {
            for element in elements {
                let mut found = Diagnostics::new();
                check_element::<T>(element, at, &mut found);
                out.extend(found.into_iter().map(|diagnostic| diagnostic.at(at.clone())));
            }
        }
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    type Inner = Self;
    const SENSITIVE: bool = T::SENSITIVE;
    const NULL_ELEMENTS: bool = matches!(T::MODE, Mode::Optional);

    fn kind() -> AttributeType {
        kind_of::<T>(Nesting::Map, Type::Map)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Map(entries) => entries
                .into_iter()
                .map(|(key, element)| match T::decode(element) {
                    Ok(element) => Ok((key.into(), element)),
                    Err(error) => Err(error.in_key(&key)),
                })
                .collect(),
            other => Err(DecodeError::expected("a map", &other)),
        }
    }

    fn encode(&self) -> Value {
        Value::map(self.iter().map(|(key, value)| (key, value.encode())))
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|((k, a), (l, b))| k == l && T::semantic_equals(a, b))
            }
            (a, b) => a == b,
        }
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        if let Value::Map(entries) = value {
            for (key, element) in entries {
                check_element::<T>(element, &at.clone().key(key), out);
            }
        }
    }
}

/// Unlike an attribute, an element is there: if it is null, it was written so.
fn check_element<T: Field>(value: &Value, at: &Path, out: &mut Diagnostics) {
    if value.is_null() && T::decode(Value::Null).is_err() {
        out.push(Diagnostic::invalid(at, "must not be null"));
    } else {
        T::check(value, at, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field::{Computed, Maybe, WriteOnly},
        schema::Attribute,
    };

    #[test]
    fn elements_may_be_null_where_the_type_has_a_place_for_it() {
        #[track_caller]
        fn check<F: Field>(expected: bool) {
            assert_eq!(Attribute::of::<F>("a", "Doc.").null_elements, expected);
        }
        check::<Option<String>>(false);
        check::<Vec<String>>(false);
        check::<Vec<Option<String>>>(true);
        check::<Vec<Maybe<String>>>(true);
        check::<Vec<Box<Option<String>>>>(true);
        check::<Vec<Vec<Option<String>>>>(false);
        check::<BTreeSet<Option<String>>>(true);
        check::<BTreeMap<String, Option<String>>>(true);
        check::<Option<Vec<Option<String>>>>(true);
        check::<Maybe<Vec<Option<String>>>>(true);
        check::<Computed<Vec<Option<String>>>>(true);
        check::<WriteOnly<Vec<Option<String>>>>(true);
        check::<Box<Vec<Option<String>>>>(true);
    }
}
