//! Going through several values of one schema side by side.

use crate::{
    Path, Value,
    schema::{Attribute, Nesting, Object},
};

/// Rebuilds an object from what `of` makes of each attribute, seen beside the same attribute of `others`.
///
/// What is not an object (null, or not known yet) stays as it is.
pub(super) fn attributes<const N: usize>(
    object: &Object,
    lead: &Value,
    others: [&Value; N],
    mut of: impl FnMut(&Attribute, &Value, [&Value; N]) -> Value,
) -> Value {
    let Value::Map(_) = lead else { return lead.clone() };
    let rebuilt = object.attributes.iter().map(|attribute| {
        let name = &attribute.name;
        (name, of(attribute, lead.get(name), others.map(|other| other.get(name))))
    });
    Value::map(rebuilt)
}

/// Rebuilds a nested value from what `of` makes of each object, seen beside those in the same place of
/// `others`, null where there is none.
///
/// A path cannot lead into a set: there it stays the path of the set.
pub(super) fn objects<const N: usize>(
    nesting: Nesting,
    lead: &Value,
    others: [&Value; N],
    at: &Path,
    mut of: impl FnMut(&Value, [&Value; N], &Path) -> Value,
) -> Value {
    match (nesting, lead) {
        (Nesting::Single, lead) => of(lead, others, at),
        (Nesting::Map, Value::Map(entries)) => {
            let rebuilt = entries.iter().map(|(key, lead)| {
                let others = others.map(|other| other.get(key));
                (key.clone(), of(lead, others, &at.clone().key(key)))
            });
            Value::Map(rebuilt.collect())
        }
        (Nesting::List | Nesting::Set, Value::List(elements)) => {
            let rebuilt = elements.iter().enumerate().map(|(index, lead)| {
                let at = match nesting {
                    Nesting::Set => at.clone(),
                    _ => at.clone().index(index),
                };
                of(lead, others.map(|other| element(other, index)), &at)
            });
            Value::List(rebuilt.collect())
        }
        _ => lead.clone(),
    }
}

/// The elements of a list or set; none where there is no such thing.
pub(super) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(elements) => elements,
        _ => &[],
    }
}

/// One element of a list, null where there is none.
pub(super) fn element(value: &Value, index: usize) -> &Value {
    elements(value).get(index).unwrap_or(&Value::Null)
}
