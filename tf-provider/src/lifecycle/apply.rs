//! `ApplyResourceChange`: creates, updates or deletes, and says truthfully what is there afterwards.
//!
//! An error diagnostic on create taints the object, and an answer without state loses it. So the answer
//! always holds what is known to exist, and after success it fits the plan whatever the service said.

use super::{
    AnyResource, Operation, Surroundings,
    operation::perform,
    same::{alike, respell, same},
    settle::{settle, settle_attribute, with_write_only},
    walk,
};
use crate::{
    Diagnostic, Diagnostics, Path, Value,
    schema::{Attribute, Kind, Nesting, Object},
};

/// What Terraform wants done.
pub(crate) struct Change {
    pub(crate) prior: Value,
    pub(crate) planned: Value,
    pub(crate) config: Value,
    pub(crate) private: Vec<u8>,
}

/// What is there afterwards.
pub(crate) struct Applied {
    pub(crate) state: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) diagnostics: Diagnostics,
}

/// Applies one planned change.
pub(crate) async fn apply<C>(
    resource: &dyn AnyResource<C>,
    change: Change,
    around: &Surroundings<C>,
) -> Applied {
    let object = &resource.declared().object;
    let Change { prior, planned, config, private } = change;
    let operation = match (prior.is_null(), planned.is_null()) {
        (true, true) => {
            return Applied { state: Value::Null, private, diagnostics: Diagnostics::new() };
        }
        (_, true) => Operation::Delete(prior.clone()),
        (true, _) => Operation::Create(with_write_only(object, &planned, &config)),
        _ => Operation::Update {
            prior: prior.clone(),
            planned: with_write_only(object, &planned, &config),
        },
    };
    let outcome = perform(resource, operation, private, around).await;
    let mut diagnostics = outcome.warnings;
    let state = match (outcome.result, outcome.saved) {
        (Ok(None), _) => Value::Null,
        (Ok(Some(seen)), _) => complete(object, &planned, &seen, &Path::root(), &mut diagnostics),
        (Err(errors), Some(saved)) => {
            diagnostics.extend(errors);
            // Not what was planned but what is there: the next plan has to see what is left to do.
            let saved = respell(object, &saved, if planned.is_null() { &prior } else { &planned });
            settle(object, &saved, &Path::root(), &mut Vec::new())
        }
        (Err(errors), None) => {
            diagnostics.extend(errors);
            prior
        }
    };
    Applied { state, private: outcome.private, diagnostics }
}

/// The planned state, with its unknowns filled from what was `seen`.
///
/// What was planned and is known wins, so that Terraform finds nothing inconsistent and taints nothing. Where
/// the service answered with something else, a warning says so, and the next refresh shows it as drift.
pub(super) fn complete(
    object: &Object,
    planned: &Value,
    seen: &Value,
    at: &Path,
    found: &mut Diagnostics,
) -> Value {
    walk::attributes(object, planned, [seen], |attribute, planned, [seen]| {
        let at = at.clone().attribute(&attribute.name);
        if attribute.write_only {
            return Value::Null;
        }
        match &attribute.kind {
            // What is sensitive is compared as a whole, so that no part of it can be told.
            Kind::Nested(nesting, object)
                if *nesting != Nesting::Set && !attribute.sensitive && alike(planned, seen) =>
            {
                walk::objects(*nesting, planned, [seen], &at, |planned, [seen], at| {
                    complete(object, planned, seen, at, found)
                })
            }
            _ => complete_whole(attribute, planned, seen, &at, found),
        }
    })
}

fn complete_whole(
    attribute: &Attribute,
    planned: &Value,
    seen: &Value,
    at: &Path,
    found: &mut Diagnostics,
) -> Value {
    let mut unknown = Vec::new();
    let state = settle_attribute(attribute, &fill(planned, seen), at, &mut unknown);
    let answer = settle_attribute(attribute, seen, at, &mut Vec::new());
    if unknown.is_empty() && seen.is_wholly_known() && !same(attribute, &state, &answer) {
        found.push(answered_otherwise(attribute, &state, &answer, at));
    }
    found.extend(unknown.into_iter().map(left_unknown));
    state
}

/// `planned` with the parts of `seen` that stand where it is unknown.
fn fill(planned: &Value, seen: &Value) -> Value {
    match (planned, seen) {
        (Value::Unknown(_), seen) => seen.clone(),
        (Value::List(planned), Value::List(seen)) if planned.len() == seen.len() => {
            Value::list(planned.iter().zip(seen).map(|(planned, seen)| fill(planned, seen)))
        }
        (Value::Map(entries), seen @ Value::Map(_)) => {
            Value::map(entries.iter().map(|(key, planned)| (key, fill(planned, seen.get(key)))))
        }
        (planned, _) => planned.clone(),
    }
}

fn answered_otherwise(
    attribute: &Attribute,
    planned: &Value,
    answer: &Value,
    at: &Path,
) -> Diagnostic {
    let values = match (shown(planned), shown(answer)) {
        (Some(planned), Some(answer)) if !attribute.sensitive => {
            format!("`{at}` was planned as {planned}, and the service answered {answer}.")
        }
        _ => format!("The service answered with another value of `{at}` than was planned."),
    };
    Diagnostic::warning("the service answered otherwise")
        .detail(format!(
            "{values} State holds what was planned; \
             if the service stays with its answer, the next plan shows the difference."
        ))
        .at(at.clone())
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(format!("{text:?}")),
        _ => None,
    }
}

/// The object exists, so that it has to be in state; but nobody knows this of it.
pub(super) fn left_unknown(at: Path) -> Diagnostic {
    Diagnostic::error("the provider has a bug")
        .detail(format!(
            "It left `{at}` unknown after the operation. State holds the object without that value.\n\n\
             What to do: report this to the provider's authors with the text above."
        ))
        .at(at)
}
