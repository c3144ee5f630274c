//! Semantic equality, and keeping the spelling that Terraform already knows.

use super::{catch_panic, traverse};
use crate::{
    Path, Value,
    schema::{Attribute, AttributeType, Nesting, Object},
};

/// Whether two values of an attribute mean the same.
pub(super) fn semantic_equals(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    match (&attribute.kind, a, b) {
        (_, Value::Unknown(_), Value::Unknown(_)) => true,
        // Null may have a type, where any type may stand.
        (_, a, b) if a.is_null() && b.is_null() => true,
        (_, Value::Null | Value::Unknown(_), _) | (_, _, Value::Null | Value::Unknown(_)) => false,
        (AttributeType::Nested(Nesting::Single, object), a, b) => object_equals(object, a, b),
        (AttributeType::Nested(Nesting::Map, object), Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((k, a), (l, b))| k == l && object_equals(object, a, b))
        }
        (AttributeType::Nested(Nesting::Set, object), Value::List(a), Value::List(b)) => {
            let mut pool = Pool::new(b);
            let paired = |a| pool.take(|b| object_equals(object, a, b)).is_some();
            a.len() == b.len() && a.iter().all(paired)
        }
        (AttributeType::Nested(_, object), Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| object_equals(object, a, b))
        }
        (_, a, b) => a == b || (known(a, b) && holds(attribute, a, b)),
    }
}

/// What an author's comparison says. One that panics says no: it runs where a panic would keep Terraform from
/// learning of an object that exists.
fn holds(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    let description = format!("compare two values of {}", attribute.name);
    catch_panic(&description, || attribute.semantic_equals.holds(a, b)).unwrap_or(false)
}

/// Whether two objects mean the same.
pub(super) fn object_equals(object: &Object, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Map(_), Value::Map(_)) => object.attributes.iter().all(|attribute| {
            semantic_equals(attribute, a.get(&attribute.name), b.get(&attribute.name))
        }),
        _ => a == b,
    }
}

/// Whether two nested values hold objects in the same places.
pub(super) fn same_shape(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => a.len() == b.len(),
        (Value::Map(a), Value::Map(b)) => a.keys().eq(b.keys()),
        _ => false,
    }
}

/// An author's notion of equality is about values, not about what may become one.
fn known(a: &Value, b: &Value) -> bool {
    a.is_wholly_known() && b.is_wholly_known()
}

/// `seen`, in the spelling of `stored` wherever both mean the same.
pub(super) fn keep_prior_spelling(object: &Object, seen: &Value, stored: &Value) -> Value {
    traverse::attributes(object, seen, [stored], |attribute, seen, [stored]| {
        attribute_with_prior_spelling(attribute, seen, stored)
    })
}

fn attribute_with_prior_spelling(attribute: &Attribute, seen: &Value, stored: &Value) -> Value {
    if semantic_equals(attribute, stored, seen) {
        return stored.clone();
    }
    let objects = attribute.kind.objects();
    match (objects, seen, stored) {
        (Some((Nesting::List | Nesting::Set, object)), Value::List(seen), Value::List(stored)) => {
            let same = |a: &Value, b: &Value| object_equals(object, a, b);
            elements_with_prior_spelling(seen, stored, same, |seen, stored| {
                keep_prior_spelling(object, seen, stored)
            })
        }
        (Some((nesting, object)), seen, stored) => {
            traverse::objects(nesting, seen, [stored], &Path::root(), |seen, [stored], _| {
                keep_prior_spelling(object, seen, stored)
            })
        }
        // What an attribute thinks of one element, it says of a collection of that element alone.
        (None, Value::List(seen), Value::List(stored)) => {
            let one = |value: &Value| Value::list([value.clone()]);
            let same = |a: &Value, b: &Value| semantic_equals(attribute, &one(a), &one(b));
            elements_with_prior_spelling(seen, stored, same, |seen, _| seen.clone())
        }
        (None, Value::Map(entries), stored @ Value::Map(_)) => {
            let one = |key: &str, value: &Value| Value::map([(key, value.clone())]);
            Value::map(entries.iter().map(|(key, seen)| {
                let stored = stored.get(key);
                let same = semantic_equals(attribute, &one(key, stored), &one(key, seen));
                (key, if same { stored.clone() } else { seen.clone() })
            }))
        }
        _ => seen.clone(),
    }
}

/// Each element in the spelling of a stored one that means the same, wherever that one was; an element
/// without such a stored is `edited` from the one that was in its place, if nobody else claims that.
fn elements_with_prior_spelling(
    seen: &[Value],
    stored: &[Value],
    same: impl Fn(&Value, &Value) -> bool,
    edited: impl Fn(&Value, &Value) -> Value,
) -> Value {
    let mut pool = Pool::new(stored);
    let prior: Vec<_> = seen.iter().map(|seen| pool.take(|stored| same(stored, seen))).collect();
    Value::list(seen.iter().zip(prior).enumerate().map(|(index, (seen, stored))| match stored {
        Some(stored) => stored.clone(),
        None => pool.left(index).map_or_else(|| seen.clone(), |stored| edited(seen, stored)),
    }))
}

/// Elements that can each be paired once.
///
/// The search starts behind the last pair, so that collections in the same order are paired in one pass.
pub(super) struct Pool<'a> {
    elements: Vec<Option<&'a Value>>,
    next: usize,
}

impl<'a> Pool<'a> {
    pub(super) fn new(elements: &'a [Value]) -> Self {
        Self { elements: elements.iter().map(Some).collect(), next: 0 }
    }

    /// Takes out the first element that fits.
    pub(super) fn take(&mut self, fits: impl Fn(&Value) -> bool) -> Option<&'a Value> {
        let first = |elements: &[Option<&Value>]| {
            elements.iter().position(|element| element.is_some_and(&fits))
        };
        let (before, behind) = self.elements.split_at_checked(self.next)?;
        let found = first(behind).map(|index| index + self.next).or_else(|| first(before))?;
        self.next = found + 1;
        self.elements.get_mut(found)?.take()
    }

    /// The element at an index, if it was not taken.
    fn left(&self, index: usize) -> Option<&'a Value> {
        self.elements.get(index).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panicking_comparison_counts_as_unequal() {
        fn first(a: &str, b: &str) -> bool {
            assert!(!a.is_empty() && !b.is_empty(), "told to");
            a.chars().next() == b.chars().next()
        }
        let attribute =
            Attribute::of::<String>("name", "Doc.").semantic_equals::<String, str>(first);
        for (a, b, expected) in
            [("ab", "ac", true), ("ab", "bb", false), ("ab", "", false), ("", "", true)]
        {
            assert_eq!(semantic_equals(&attribute, &a.into(), &b.into()), expected);
        }
    }
}
