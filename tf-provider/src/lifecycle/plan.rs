//! `PlanResourceChange`: configuration and prior state in, a plan that Terraform accepts out.
//!
//! A pure function of schema, prior state and configuration: Terraform plans again during apply and
//! compares. Why does Terraform show this plan? [`propose`] is the answer.

use super::{
    AnyResource, guarded,
    same::{Pool, alike, same, same_object},
    walk::{self, element, elements},
};
use crate::{
    Diagnostic, Diagnostics, Path, Value,
    schema::{Attribute, Kind, Mode, Nesting, Object},
};

/// What is to become of an object.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    pub(crate) state: Value,
    /// The attributes whose change needs a new object.
    pub(crate) replace: Vec<Path>,
    pub(crate) diagnostics: Diagnostics,
}

/// What an author's hook answered, and what it would have answered had it done nothing.
pub(crate) struct Decided {
    pub(crate) value: Value,
    pub(crate) untouched: Value,
    pub(crate) found: Diagnostics,
}

/// Plans one object. There is a client once the provider is configured.
pub(crate) fn plan<C>(
    resource: &dyn AnyResource<C>,
    prior: &Value,
    config: &Value,
    client: Option<&C>,
) -> Planned {
    if config.is_null() {
        return Planned::default();
    }
    let object = &resource.declared().object;
    let mut state = propose(object, prior, config);
    let changed = !same_object(object, prior, &state);
    if changed {
        state = forget(object, &state, [prior, config]);
    }
    let doing = format!("plan {}", resource.declared().name);
    let hook = guarded(&doing, || resource.plan(&state, prior, client));
    let diagnostics = match hook.and_then(|answer| answer) {
        Ok(Decided { value, untouched, found }) => {
            let mut refused = Vec::new();
            let others = [&value, &untouched, config];
            state = accept(object, &state, others, &Path::root(), &mut refused);
            found.into_iter().chain(refused.into_iter().map(not_to_be_planned)).collect()
        }
        Err(errors) => errors,
    };
    if !changed && !same_object(object, prior, &state) {
        state = forget(object, &state, [prior, config]);
    }
    let mut replace = Vec::new();
    if !prior.is_null() {
        replacements(object, prior, &state, &Path::root(), &mut replace);
    }
    Planned { state, replace, diagnostics }
}

/// The planned state before the author's hook has its say.
///
/// What the user set is planned as written, or as stored where both mean the same. What the user left out
/// is null, or its default, or, when the service decides, what it was.
pub(super) fn propose(object: &Object, prior: &Value, config: &Value) -> Value {
    walk::attributes(object, config, [prior], |attribute, config, [before]| {
        match (&attribute.kind, &attribute.default) {
            _ if attribute.write_only => Value::Null,
            (_, Some(default)) if config.is_null() => spelled_as(attribute, before, default),
            // A service may well leave an attribute empty: for an object that exists, null is an answer.
            _ if config.is_null() && attribute.is_computed() => match prior {
                Value::Null => Value::unknown(),
                _ => before.clone(),
            },
            (Kind::Nested(Nesting::List, object), _) => propose_list(object, before, config),
            (Kind::Nested(Nesting::Set, object), _) => propose_set(object, before, config),
            (Kind::Nested(nesting, object), _) => {
                walk::objects(*nesting, config, [before], &Path::root(), |config, [before], _| {
                    propose(object, before, config)
                })
            }
            _ => spelled_as(attribute, before, config),
        }
    })
}

/// `value`, or what was there before if that means the same.
fn spelled_as(attribute: &Attribute, before: &Value, value: &Value) -> Value {
    if same(attribute, before, value) && value.is_known() { before.clone() } else { value.clone() }
}

/// Elements of a list are told apart by their place alone. When the list has grown or shrunk, an element
/// that differs may be another one, so that nothing the service said of the old one is carried over.
fn propose_list(object: &Object, prior: &Value, config: &Value) -> Value {
    let Value::List(config) = config else { return config.clone() };
    let in_place = elements(prior).len() == config.len();
    Value::list(config.iter().enumerate().map(|(index, config)| {
        let before = element(prior, index);
        let edited = propose(object, before, config);
        if in_place || same_object(object, before, &edited) {
            edited
        } else {
            propose(object, &Value::Null, config)
        }
    }))
}

/// Elements of a set have no identity: one is carried over as a whole or not at all.
///
/// Those that are written as before go first. Else another spelling of one could take its place, and the
/// set would lose an element.
fn propose_set(object: &Object, prior: &Value, config: &Value) -> Value {
    let Value::List(config) = config else { return config.clone() };
    let mut pool = Pool::new(elements(prior));
    let fresh = config.iter().map(|config| propose(object, &Value::Null, config));
    let fresh: Vec<_> =
        fresh.map(|fresh| (pool.take(|old| *old == fresh).is_some(), fresh)).collect();
    Value::list(config.iter().zip(fresh).map(|(config, (exact, fresh))| {
        let alike = |old: &Value| same_object(object, old, &propose(object, old, config));
        if exact { fresh } else { pool.take(alike).cloned().unwrap_or(fresh) }
    }))
}

/// Makes volatile attributes unknown, unless something was decided for them.
fn forget(object: &Object, planned: &Value, others: [&Value; 2]) -> Value {
    walk::attributes(
        object,
        planned,
        others,
        |attribute, planned, [prior, config]| match &attribute.kind {
            _ if attribute.volatile && !is_set(attribute, config) && planned == prior => {
                Value::unknown()
            }
            Kind::Nested(Nesting::Set, _) => planned.clone(),
            Kind::Nested(nesting, object) => {
                let others = [prior, config];
                walk::objects(*nesting, planned, others, &Path::root(), |planned, others, _| {
                    forget(object, planned, others)
                })
            }
            _ => planned.clone(),
        },
    )
}

/// Whether the user decides the attribute. With `ignore_changes` the configuration of a purely computed one
/// holds its old value, which nobody wrote.
fn is_set(attribute: &Attribute, config: &Value) -> bool {
    attribute.mode != Mode::Computed && !config.is_null()
}

/// The plan with what the author's hook may decide taken over, and the rest of what it did named.
fn accept(
    object: &Object,
    planned: &Value,
    others: [&Value; 3],
    at: &Path,
    refused: &mut Vec<Path>,
) -> Value {
    walk::attributes(object, planned, others, |attribute, planned, [decided, untouched, config]| {
        let at = at.clone().attribute(&attribute.name);
        if decided == untouched {
            return planned.clone();
        }
        if attribute.is_computed() && !is_set(attribute, config) {
            return decided.clone();
        }
        match &attribute.kind {
            Kind::Nested(nesting, object)
                if *nesting != Nesting::Set && alike(planned, decided) =>
            {
                let others = [decided, untouched, config];
                walk::objects(*nesting, planned, others, &at, |planned, others, at| {
                    accept(object, planned, others, at, refused)
                })
            }
            _ => {
                refused.push(at);
                planned.clone()
            }
        }
    })
}

fn not_to_be_planned(at: Path) -> Diagnostic {
    Diagnostic::warning("the provider has a bug")
        .detail(format!(
            "Its plan changed `{at}`, which is for the configuration alone to decide. \
             The plan holds what the configuration says.\n\n\
             What to do: report this to the provider's authors with the text above."
        ))
        .at(at)
}

/// The attributes that cannot change in place, and change.
///
/// Terraform wants paths that exist on one side at least. An element that comes or goes is a matter of the
/// collection it is in.
fn replacements(object: &Object, prior: &Value, planned: &Value, at: &Path, found: &mut Vec<Path>) {
    for attribute in &object.attributes {
        let (prior, planned) = (prior.get(&attribute.name), planned.get(&attribute.name));
        if attribute.write_only || same(attribute, prior, planned) {
            continue;
        }
        let at = at.clone().attribute(&attribute.name);
        if attribute.replace {
            found.push(at);
            continue;
        }
        match (&attribute.kind, prior, planned) {
            (Kind::Nested(Nesting::Single, object), _, _) => {
                replacements(object, prior, planned, &at, found);
            }
            (Kind::Nested(Nesting::List, object), Value::List(prior), Value::List(planned)) => {
                for (index, (prior, planned)) in prior.iter().zip(planned).enumerate() {
                    replacements(object, prior, planned, &at.clone().index(index), found);
                }
            }
            (Kind::Nested(Nesting::Map, object), Value::Map(prior), Value::Map(planned)) => {
                for (key, prior) in prior {
                    if let Some(planned) = planned.get(key) {
                        replacements(object, prior, planned, &at.clone().key(key), found);
                    }
                }
            }
            _ => {}
        }
    }
}
