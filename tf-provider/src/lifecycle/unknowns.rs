//! What may go into state: nothing write-only, nothing unknown.

use super::traverse;
use crate::{
    Path, Value,
    schema::{Attribute, AttributeType, Object},
};

/// `value` without what is write-only, and with null for what is unknown; the latter is named in `unknown`.
pub(super) fn without_unknowns(
    object: &Object,
    value: &Value,
    at: &Path,
    unknown: &mut Vec<Path>,
) -> Value {
    let value = match value {
        Value::Unknown(_) => {
            unknown.push(at.clone());
            &Value::Null
        }
        value => value,
    };
    traverse::attributes(object, value, [], |attribute, value, []| {
        let at = at.clone().attribute(&attribute.name);
        attribute_without_unknowns(attribute, value, &at, unknown)
    })
}

/// [`without_unknowns`] for one attribute.
pub(super) fn attribute_without_unknowns(
    attribute: &Attribute,
    value: &Value,
    at: &Path,
    unknown: &mut Vec<Path>,
) -> Value {
    match &attribute.kind {
        _ if attribute.write_only => Value::Null,
        AttributeType::Nested(nesting, object) if value.is_known() => {
            traverse::objects(*nesting, value, [], at, |value, [], at| {
                without_unknowns(object, value, at, unknown)
            })
        }
        _ if value.is_wholly_known() => value.clone(),
        _ => {
            unknown.push(at.clone());
            nulls_for_unknowns(value)
        }
    }
}

/// The planned object with its write-only values, which only the configuration holds.
pub(super) fn with_write_only(object: &Object, planned: &Value, config: &Value) -> Value {
    traverse::attributes(object, planned, [config], |attribute, planned, [config]| match &attribute
        .kind
    {
        _ if attribute.write_only => config.clone(),
        AttributeType::Nested(nesting, object) => {
            traverse::objects(*nesting, planned, [config], &Path::root(), |planned, [config], _| {
                with_write_only(object, planned, config)
            })
        }
        _ => planned.clone(),
    })
}

fn nulls_for_unknowns(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::list(elements.iter().map(nulls_for_unknowns)),
        Value::Map(entries) => {
            Value::map(entries.iter().map(|(key, value)| (key, nulls_for_unknowns(value))))
        }
        Value::Dynamic(inner) => {
            Value::Dynamic(Box::new((inner.0.clone(), nulls_for_unknowns(&inner.1))))
        }
        known => known.clone(),
    }
}
