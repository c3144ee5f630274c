//! `PlanResourceChange`: configuration and prior state in, a plan that Terraform accepts out.
//!
//! A pure function of schema, prior state and configuration: Terraform plans again during apply and
//! compares. Why does Terraform show this plan? [`propose`] is the answer.

use super::{
    catch_panic,
    identity::identify,
    resource::{AnyResource, HookOutcome},
    semantic_equality::{Pool, object_equals, same_shape, semantic_equals},
    traverse::{self, element, elements},
};
use crate::{
    Diagnostic, Diagnostics, Path, Value,
    schema::{Attribute, AttributeType, Mode, Nesting, Object},
};

/// What is to become of an object.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    pub(crate) state: Value,
    /// Absent unless all of it is known.
    pub(crate) identity: Option<Value>,
    /// The attributes whose change needs a new object.
    pub(crate) replace: Vec<Path>,
    pub(crate) diagnostics: Diagnostics,
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
    let object = &resource.declaration().object;
    let mut state = propose(object, prior, config);
    let changed = !object_equals(object, prior, &state);
    if changed {
        state = mark_unknown_on_update(object, &state, [prior, config]);
    }
    let description = format!("plan {}", resource.declaration().name);
    let hook = catch_panic(&description, || resource.plan(&state, prior, client));
    let mut diagnostics: Diagnostics = match hook.and_then(|answer| answer) {
        Ok(HookOutcome { value, untouched, found }) => {
            let mut refused = Vec::new();
            let others = [&value, &untouched, config];
            state = apply_hook_changes(object, &state, others, &Path::root(), &mut refused);
            found.into_iter().chain(refused.into_iter().map(not_to_be_planned)).collect()
        }
        Err(errors) => errors,
    };
    if !changed && !object_equals(object, prior, &state) {
        state = mark_unknown_on_update(object, &state, [prior, config]);
    }
    let mut replace = Vec::new();
    if !prior.is_null() {
        let marked = mark_unknown_on_update(object, prior, [prior, config]);
        replacements(object, [prior, &marked], &state, &Path::root(), &mut replace);
    }
    let identity = identify(resource, &state, &mut diagnostics);
    Planned { state, identity, replace, diagnostics }
}

/// The planned state before the author's hook has its say.
///
/// What the user set is planned as written, or as stored where both mean the same. What the user left out
/// is null, or its default, or, when the service decides, what it was.
pub(super) fn propose(object: &Object, prior: &Value, config: &Value) -> Value {
    traverse::attributes(object, config, [prior], |attribute, config, [before]| {
        match (&attribute.kind, &attribute.default) {
            _ if attribute.write_only => Value::Null,
            (_, Some(default)) if config.is_null() => with_spelling_of(attribute, before, default),
            // A service may well leave an attribute empty: for an object that exists, null is an answer.
            _ if config.is_null() && attribute.is_computed() => match prior {
                Value::Null => Value::unknown(),
                _ => before.clone(),
            },
            (AttributeType::Nested(Nesting::List, object), _) => {
                propose_list(object, before, config)
            }
            (AttributeType::Nested(Nesting::Set, object), _) => propose_set(object, before, config),
            (AttributeType::Nested(nesting, object), _) => traverse::objects(
                *nesting,
                config,
                [before],
                &Path::root(),
                |config, [before], _| propose(object, before, config),
            ),
            _ => with_spelling_of(attribute, before, config),
        }
    })
}

/// `value`, or what was there before if that means the same. What is null or unknown may have a type, which
/// the configuration alone decides.
fn with_spelling_of(attribute: &Attribute, before: &Value, value: &Value) -> Value {
    match value {
        // It may turn out to mean the same, and then nothing may have been promised of how it is spelled.
        Value::Unknown(refinement) if !before.is_null() => Value::Unknown(refinement.of_presence()),
        known if !known.is_known() || known.is_null() => value.clone(),
        known if semantic_equals(attribute, before, known) => before.clone(),
        _ => value.clone(),
    }
}

/// Elements of a list are told apart by their place alone. When the list has grown or shrunk, an element
/// that differs may be another one, so that nothing the service said of the old one is carried over.
fn propose_list(object: &Object, prior: &Value, config: &Value) -> Value {
    let Value::List(config) = config else { return config.clone() };
    let in_place = elements(prior).len() == config.len();
    Value::list(config.iter().enumerate().map(|(index, config)| {
        let before = element(prior, index);
        let edited = propose(object, before, config);
        if in_place || object_equals(object, before, &edited) {
            edited
        } else {
            as_new(object, &edited, config)
        }
    }))
}

/// What was planned, with everything that the service decides still to be decided.
///
/// The spelling stays: whether an element differs may be known only at the second plan during apply, and
/// that must not take back what the first one said.
fn as_new(object: &Object, planned: &Value, config: &Value) -> Value {
    traverse::attributes(object, planned, [config], |attribute, planned, [config]| match &attribute
        .kind
    {
        _ if attribute.is_decided() && config.is_null() => Value::unknown(),
        AttributeType::Nested(nesting, object) => {
            traverse::objects(*nesting, planned, [config], &Path::root(), |planned, [config], _| {
                as_new(object, planned, config)
            })
        }
        _ => planned.clone(),
    })
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
        let same = |old: &Value| object_equals(object, old, &propose(object, old, config));
        if exact { fresh } else { pool.take(same).cloned().unwrap_or(fresh) }
    }))
}

/// Makes `unknown_on_update` attributes unknown, unless something was decided for them.
fn mark_unknown_on_update(object: &Object, planned: &Value, others: [&Value; 2]) -> Value {
    traverse::attributes(object, planned, others, |attribute, planned, [prior, config]| {
        match &attribute.kind {
            _ if attribute.unknown_on_update && !is_set(attribute, config) && planned == prior => {
                Value::unknown()
            }
            AttributeType::Nested(Nesting::Set, _) => planned.clone(),
            AttributeType::Nested(nesting, object) => {
                let others = [prior, config];
                traverse::objects(*nesting, planned, others, &Path::root(), |planned, others, _| {
                    mark_unknown_on_update(object, planned, others)
                })
            }
            _ => planned.clone(),
        }
    })
}

/// Whether the user decides the attribute. With `ignore_changes` the configuration of a purely computed one
/// holds its old value, which nobody wrote.
fn is_set(attribute: &Attribute, config: &Value) -> bool {
    attribute.mode != Mode::Computed && !config.is_null()
}

/// The plan with what the author's hook may decide taken over, and the rest of what it did named.
fn apply_hook_changes(
    object: &Object,
    planned: &Value,
    others: [&Value; 3],
    at: &Path,
    refused: &mut Vec<Path>,
) -> Value {
    traverse::attributes(
        object,
        planned,
        others,
        |attribute, planned, [decided, untouched, config]| {
            let at = at.clone().attribute(&attribute.name);
            if decided == untouched {
                return planned.clone();
            }
            if attribute.is_computed() && !is_set(attribute, config) {
                return decided.clone();
            }
            match &attribute.kind {
                AttributeType::Nested(nesting, object)
                    if *nesting != Nesting::Set && same_shape(planned, decided) =>
                {
                    let others = [decided, untouched, config];
                    traverse::objects(*nesting, planned, others, &at, |planned, others, at| {
                        apply_hook_changes(object, planned, others, at, refused)
                    })
                }
                _ => {
                    refused.push(at);
                    planned.clone()
                }
            }
        },
    )
}

fn not_to_be_planned(at: Path) -> Diagnostic {
    let detail = format!(
        "Its plan changed `{at}`, which only the configuration can set. \
         The value of the configuration is planned."
    );
    Diagnostic::bug(detail).as_warning().at(at)
}

/// The attributes that cannot change in place, and change.
///
/// Terraform wants paths that exist on one side at least. An element that comes or goes is a matter of the
/// collection it is in. What is not known counts as a change here as well, or the plan during apply would
/// replace what was to be updated; but not where it is `marked` of what was there, which any update does.
fn replacements(
    object: &Object,
    [prior, marked]: [&Value; 2],
    planned: &Value,
    at: &Path,
    found: &mut Vec<Path>,
) {
    let unknown = (!planned.is_known()).then_some(planned);
    for attribute in &object.attributes {
        let before = [prior, marked].map(|before| before.get(&attribute.name));
        let planned = unknown.unwrap_or_else(|| planned.get(&attribute.name));
        if attribute.write_only
            || before.iter().any(|before| semantic_equals(attribute, before, planned))
        {
            continue;
        }
        let at = at.clone().attribute(&attribute.name);
        if attribute.requires_replace {
            found.push(at);
            continue;
        }
        let unknown = (!planned.is_known() && attribute.is_configurable()).then_some(planned);
        match (&attribute.kind, before[0]) {
            (AttributeType::Nested(Nesting::Single, object), _) => {
                replacements(object, before, planned, &at, found);
            }
            (AttributeType::Nested(Nesting::List, object), Value::List(prior)) => {
                for index in 0..prior.len() {
                    if let Some(planned) = unknown.or_else(|| elements(planned).get(index)) {
                        let before = before.map(|before| element(before, index));
                        replacements(object, before, planned, &at.clone().index(index), found);
                    }
                }
            }
            (AttributeType::Nested(Nesting::Map, object), Value::Map(prior)) => {
                for key in prior.keys() {
                    let planned = match planned {
                        Value::Map(planned) => planned.get(key),
                        _ => unknown,
                    };
                    if let Some(planned) = planned {
                        let before = before.map(|before| before.get(key));
                        replacements(object, before, planned, &at.clone().key(key), found);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        Computed, Json, Model,
        lifecycle::{Typed, apply::complete},
        testkit::{
            All, Store, Thing, Unknown, answer, any_config, full, lean, resolved, thing, value,
        },
        value::Refinement,
    };

    #[track_caller]
    fn check(prior: Json, config: Json, expected: Json) {
        check_replace(prior, config, expected, &[]);
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a table of `json!` reads better than of `&json!`"
    )]
    #[track_caller]
    fn check_replace(prior: Json, config: Json, expected: Json, replace: &[&str]) {
        let all = Typed::<All>::resource();
        let [prior, config] = [prior, config].map(|json| full(&All::object(), &value(json)));
        let planned = plan::<()>(&all, &prior, &config, None);
        assert_eq!(planned.diagnostics, Diagnostics::new());
        assert_eq!(lean(&planned.state), expected);
        assert_eq!(planned.replace.iter().map(Path::to_string).collect::<Vec<_>>(), replace);
    }

    #[test]
    fn destroy_is_planned_null() {
        check(json!({"name": "a"}), json!(null), json!(null));
    }

    #[test]
    fn create_knows_what_the_configuration_says() {
        check(
            json!(null),
            json!({"name": "a", "secret": "s"}),
            json!({"name": "a", "protocol": "tcp", "id": "?", "revision": "?", "port": "?"}),
        );
        check(
            json!(null),
            json!({"name": "?", "protocol": "udp", "port": 1}),
            json!({"name": "?", "protocol": "udp", "id": "?", "revision": "?", "port": 1}),
        );
    }

    const PRIOR: &str = r#"{"name": "A", "protocol": "TCP", "id": "1", "revision": 1, "port": 7}"#;

    fn prior(more: Json) -> Json {
        with(serde_json::from_str(PRIOR).unwrap(), more)
    }

    fn with(mut base: Json, more: Json) -> Json {
        let Json::Object(more) = more else { panic!("an object is needed") };
        base.as_object_mut().unwrap().extend(more);
        base
    }

    #[test]
    fn plan_keeps_prior_spelling_of_equal_value() {
        check(prior(json!({})), json!({"name": "a"}), prior(json!({})));
        check(prior(json!({})), json!({"name": "a", "protocol": "tcp"}), prior(json!({})));
        let words = json!({"words": ["A", "b"]});
        check(
            prior(words.clone()),
            with(json!({"name": "A"}), json!({"words": ["a", "B"]})),
            prior(words),
        );
    }

    #[test]
    fn unknown_value_keeps_no_refinement_of_spelling() {
        let planned = |prior: Json, refinement: &[u8]| {
            let mut config = full(&All::object(), &value(json!({"name": "?"})));
            let Value::Map(attributes) = &mut config else { panic!("an object is needed") };
            attributes.insert("name", Value::Unknown(Refinement::from_bytes(refinement)));
            let prior = full(&All::object(), &value(prior));
            match propose(&All::object(), &prior, &config).get("name") {
                Value::Unknown(refinement) => refinement.as_bytes().map(<[u8]>::to_vec),
                known => panic!("{known:?} is planned"),
            }
        };
        let (begins, present): (&[u8], &[u8]) = (b"\x82\x01\xc2\x02\xa3sg-", b"\x81\x01\xc2");
        assert_eq!(planned(json!(null), begins).as_deref(), Some(begins));
        assert_eq!(planned(prior(json!({})), begins).as_deref(), Some(present));
        assert_eq!(planned(prior(json!({})), b"\x81\x02\xa3sg-"), None);
    }

    #[test]
    fn configured_value_is_planned_as_written() {
        let changed = json!({"note": "x", "port": 8, "revision": "?"});
        check(prior(json!({})), json!({"name": "a", "note": "x", "port": 8}), prior(changed));
    }

    #[test]
    fn omitted_attribute_is_null_unless_computed() {
        let before = prior(json!({"note": "x"}));
        check(before, json!({"name": "a"}), prior(json!({"revision": "?"})));
    }

    #[test]
    fn only_unknown_on_update_becomes_unknown_on_update() {
        check(
            prior(json!({})),
            json!({"name": "a", "protocol": "udp"}),
            prior(json!({"protocol": "udp", "revision": "?"})),
        );
    }

    #[test]
    fn a_service_may_leave_a_computed_attribute_empty() {
        let before = json!({"name": "A", "protocol": "tcp"});
        check(before.clone(), json!({"name": "A"}), before);
    }

    #[test]
    fn unknown_counts_as_a_change_and_forces_replacement() {
        let expected = prior(json!({"name": "?", "revision": "?"}));
        check_replace(prior(json!({})), json!({"name": "?"}), expected, &["name"]);
    }

    #[test]
    fn replace_only_where_something_changes() {
        let expected = prior(json!({"name": "b", "revision": "?"}));
        check_replace(prior(json!({})), json!({"name": "b"}), expected, &["name"]);
        // No path may lead where neither side has anything.
        let config = json!({"name": "a", "single": {"name": "s"}});
        let single = json!({"name": "s", "port": 443, "id": "?", "revision": "?"});
        check(prior(json!({})), config, prior(json!({"revision": "?", "single": single})));
    }

    #[test]
    fn replace_inside_nested_objects_names_the_place() {
        let part = |zone: &str, id: &str, revision: Json| json!({"name": "p", "zone": zone, "port": 443, "id": id, "revision": revision});
        let before = json!({
            "single": part("1", "s", json!(1)),
            "list": [part("1", "l", json!(1)), part("1", "m", json!(1))],
            "map": {"k": part("1", "k", json!(1)), "gone": part("1", "g", json!(1))},
        });
        let wish = |zone: &str| json!({"name": "p", "zone": zone});
        let config = json!({
            "name": "a",
            "single": wish("2"),
            "list": [wish("1"), wish("2")],
            "map": {"k": wish("2"), "new": wish("2")},
        });
        let after = json!({
            "revision": "?",
            "single": part("2", "s", json!("?")),
            "list": [part("1", "l", json!("?")), part("2", "m", json!("?"))],
            "map": {"k": part("2", "k", json!("?")), "new": part("2", "?", json!("?"))},
        });
        check_replace(
            prior(before),
            config,
            prior(after),
            &["single.zone", "list[1].zone", "map[\"k\"].zone"],
        );
    }

    #[test]
    fn replace_inside_nested_objects_that_are_not_known() {
        let part = |zone: Json| json!({"name": "p", "zone": zone, "port": 443, "id": "i"});
        let before = json!({
            "single": part(json!(null)),
            "list": [part(json!("1")), part(json!("2"))],
            "map": {"k": part(json!("1"))},
        });
        let unknown = json!({"single": "?", "list": "?", "map": "?"});
        let after = with(unknown.clone(), json!({"revision": "?"}));
        check_replace(
            prior(before.clone()),
            with(unknown, json!({"name": "a"})),
            prior(after),
            &["single.zone", "list[0].zone", "list[1].zone", "map[\"k\"].zone"],
        );

        let elements = json!({"list": ["?"], "map": {"k": "?", "new": "?"}});
        let after = with(elements.clone(), json!({"revision": "?"}));
        check_replace(
            prior(with(before, json!({"single": null}))),
            with(elements, json!({"name": "a"})),
            prior(after),
            &["list[0].zone", "map[\"k\"].zone"],
        );

        // Where there was none, none can be replaced.
        let config = json!({"name": "a", "list": "?", "map": "?"});
        let after = json!({"list": "?", "map": "?", "revision": "?"});
        check(prior(json!({"list": []})), config, prior(after));
    }

    /// A thing with parts that cannot change.
    #[derive(Model, Clone)]
    struct Fixed {
        /// A note.
        note: String,
        /// What any update changes.
        #[tf(unknown_on_update, requires_replace)]
        host: Computed<String>,
        /// Parts.
        #[tf(requires_replace)]
        parts: Vec<Part>,
        /// Other parts.
        #[tf(unknown_on_update)]
        found: Computed<Vec<Part>>,
    }

    /// A part.
    #[derive(Model, Clone)]
    struct Part {
        /// Its name.
        #[tf(requires_replace)]
        name: String,
        /// Changed by any update.
        #[tf(unknown_on_update)]
        revision: Computed<i64>,
    }

    #[test]
    fn unknown_on_update_alone_never_replaces() {
        let object = Fixed::object();
        let part = json!([{"name": "p", "revision": 1}]);
        let prior = json!({"note": "a", "host": "h", "parts": part, "found": part});
        let replace = |config: Json| {
            let [prior, config] = [&prior, &config].map(|json| full(&object, &value(json.clone())));
            let state = mark_unknown_on_update(
                &object,
                &propose(&object, &prior, &config),
                [&prior, &config],
            );
            let marked = mark_unknown_on_update(&object, &prior, [&prior, &config]);
            let mut found = Vec::new();
            replacements(&object, [&prior, &marked], &state, &Path::root(), &mut found);
            found.iter().map(Path::to_string).collect::<Vec<_>>()
        };
        assert_eq!(replace(json!({"note": "b", "parts": [{"name": "p"}]})), Vec::<String>::new());
        assert_eq!(replace(json!({"note": "b", "parts": [{"name": "q"}]})), ["parts"]);
        assert_eq!(replace(json!({"note": "b", "parts": "?"})), ["parts"]);
    }

    #[test]
    fn computed_values_stay_in_place_when_list_grows() {
        let part =
            |name: &str, id: &str| json!({"name": name, "port": 443, "id": id, "revision": 1});
        let fresh = |name: &str| json!({"name": name, "port": 443, "id": "?", "revision": "?"});
        let mut same = part("A", "1");
        same["revision"] = json!("?");
        check(
            prior(json!({"list": [part("A", "1"), part("b", "2")]})),
            json!({"name": "a", "list": [{"name": "a"}, {"name": "c"}, {"name": "b"}]}),
            prior(json!({"revision": "?", "list": [same, fresh("c"), fresh("b")]})),
        );
    }

    #[test]
    fn a_list_that_grows_keeps_its_spelling_whatever_becomes_known() {
        let before = json!({"list": [{"name": "A", "port": 1, "id": "1", "revision": 1}]});
        let config =
            |port: Json| json!({"name": "a", "list": [{"name": "a", "port": port}, {"name": "b"}]});
        let fresh = json!({"name": "b", "port": 443, "id": "?", "revision": "?"});
        let after = |port: Json, id: &str| {
            let first = json!({"name": "A", "port": port, "id": id, "revision": "?"});
            prior(json!({"revision": "?", "list": [first, fresh]}))
        };
        check(prior(before.clone()), config(json!("?")), after(json!("?"), "?"));
        check(prior(before), config(json!(1)), after(json!(1), "1"));
    }

    #[test]
    fn elements_of_a_set_are_carried_over_whole() {
        let before = json!({"set": [{"name": "A", "port": 1}, {"name": "B", "port": 2}]});
        check(
            prior(before),
            json!({"name": "a", "set": [{"name": "a", "port": 1}, {"name": "b", "port": 3}]}),
            prior(json!({
                "revision": "?",
                "set": [{"name": "A", "port": 1}, {"name": "b", "port": 3}],
            })),
        );
    }

    #[test]
    fn set_keeps_all_elements_despite_equal_spellings() {
        let before = json!({"set": [{"name": "a"}]});
        let config = json!({"name": "a", "set": [{"name": "A"}, {"name": "a"}]});
        let after = json!({"revision": "?", "set": [{"name": "A"}, {"name": "a"}]});
        check(prior(before), config, prior(after));
    }

    #[test]
    fn a_plain_collection_is_taken_as_a_whole() {
        let before = prior(json!({"flat": [{"name": "A"}, {"name": "B"}]}));
        let config = |second: &str| json!({"name": "a", "flat": [{"name": "a"}, {"name": second}]});
        check(before.clone(), config("b"), before.clone());
        let after = json!({"revision": "?", "flat": [{"name": "a"}, {"name": "c"}]});
        check(before, config("c"), prior(after));
    }

    #[test]
    fn ignore_changes_of_computed_attribute_is_not_configuration() {
        let config = json!({"name": "a", "note": "new", "id": "1", "revision": 1});
        check(prior(json!({})), config, prior(json!({"note": "new", "revision": "?"})));
    }

    #[track_caller]
    fn plan_thing(prior: Json, config: Json) -> Planned {
        plan::<Store>(&Typed::<Thing>::resource(), &thing(prior), &thing(config), None)
    }

    #[test]
    fn hook_fills_in_computed_values() {
        let planned = plan_thing(json!(null), json!({"name": "Web", "secret": "s"}));
        assert_eq!(planned.state.get("slug"), &Value::from("web"));
        let planned = plan_thing(json!(null), json!({"name": "?"}));
        assert_eq!(planned.state.get("slug"), &Value::unknown());
    }

    #[test]
    fn change_by_hook_marks_unknown_on_update() {
        let before =
            json!({"id": "1", "name": "Web", "note": "none", "revision": 1, "slug": "old"});
        let planned = plan_thing(before, json!({"name": "Web"}));
        assert_eq!(planned.state.get("slug"), &Value::from("web"));
        assert_eq!(planned.state.get("revision"), &Value::unknown());
        assert_eq!(planned.state.get("id"), &Value::from("1"));
    }

    #[test]
    fn hook_cannot_change_configured_value() {
        let planned = plan_thing(json!(null), json!({"name": "greedy", "port": 443}));
        assert_eq!(planned.state.get("zone"), &Value::Null);
        assert_eq!(planned.state.get("port"), &Value::from(443));
        let summary = planned.diagnostics.to_string();
        assert_eq!(summary, "zone: the provider has a bug\nport: the provider has a bug");
        assert!(!planned.diagnostics.has_errors());

        let planned = plan_thing(json!(null), json!({"name": "greedy"}));
        assert_eq!(planned.state.get("port"), &Value::from(1));
    }

    #[test]
    fn an_identity_is_planned_as_soon_as_it_is_known() {
        let before = json!({"id": "1", "name": "a", "note": "none"});
        let planned = |prior: Json, config: Json| {
            plan_thing(prior, config).identity.map_or(Json::Null, |identity| lean(&identity))
        };
        assert_eq!(planned(json!(null), json!({"name": "a"})), json!(null));
        assert_eq!(planned(before.clone(), json!({"name": "?"})), json!(null));
        assert_eq!(planned(before.clone(), json!({"name": "b"})), json!({"id": "1", "name": "b"}));
        assert_eq!(planned(before, json!(null)), json!(null));
    }

    /// What Terraform checks of every plan.
    fn broken_rules(
        object: &Object,
        prior: &Value,
        config: &Value,
        planned: &Value,
        at: &Path,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        for attribute in &object.attributes {
            let [prior, config, planned] =
                [prior, config, planned].map(|value| value.get(&attribute.name));
            let at = at.clone().attribute(&attribute.name);
            let kept = planned == prior && !prior.is_null() && !config.is_null();
            if attribute.write_only {
                if !planned.is_null() {
                    broken.push(format!("{at}: write-only and planned"));
                }
            } else if planned == config
                || kept
                || (attribute.is_computed() && config.is_null())
                || attribute.mode == Mode::Computed
            {
            } else if let AttributeType::Nested(nesting, inner) = &attribute.kind {
                broken.extend(broken_nested(*nesting, inner, [prior, config, planned], &at));
            } else {
                broken.push(format!("{at}: {config:?} was planned as {planned:?}"));
            }
        }
        broken
    }

    fn broken_nested(
        nesting: Nesting,
        object: &Object,
        [prior, config, planned]: [&Value; 3],
        at: &Path,
    ) -> Vec<String> {
        if planned.is_null() != config.is_null() || !planned.is_known() {
            return vec![format!("{at}: presence differs")];
        }
        match (nesting, config, planned) {
            (Nesting::Single, ..) => broken_rules(object, prior, config, planned, at),
            (Nesting::Map, Value::Map(c), Value::Map(p)) if c.keys().eq(p.keys()) => p
                .iter()
                .flat_map(|(key, planned)| {
                    let at = at.clone().key(key);
                    broken_rules(object, prior.get(key), config.get(key), planned, &at)
                })
                .collect(),
            (Nesting::List, Value::List(c), Value::List(p)) if c.len() == p.len() => p
                .iter()
                .enumerate()
                .flat_map(|(n, planned)| {
                    let at = at.clone().index(n);
                    broken_rules(object, element(prior, n), element(config, n), planned, &at)
                })
                .collect(),
            (Nesting::Set, Value::List(c), Value::List(p)) => {
                let mut elements = p.clone();
                crate::value::arrange_set(&mut elements);
                if elements.len() == c.len() {
                    vec![]
                } else {
                    vec![format!("{at}: set has shrunk")]
                }
            }
            _ => vec![format!("{at}: other elements")],
        }
    }

    /// Whether all that one value knows, the other one knows as well.
    fn keeps_promises(early: &Value, late: &Value) -> bool {
        match (early, late) {
            (Value::Unknown(_), _) => true,
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| keeps_promises(a, b))
            }
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(key, a)| keeps_promises(a, late.get(key)))
            }
            (a, b) => a == b,
        }
    }

    fn applied(prior: &Value, config: &Value) -> Value {
        let planned = plan::<()>(&Typed::<All>::resource(), prior, config, None);
        let mut found = Diagnostics::new();
        let seen = answer(&All::object(), &planned.state);
        let state = complete(&All::object(), &planned.state, &seen, &Path::root(), &mut found);
        assert_eq!(found, Diagnostics::new());
        state
    }

    proptest! {
        #[test]
        fn a_plan_conforms_to_the_configuration(
            before in any_config(Unknown::Nothing),
            config in any_config(Unknown::Anything),
            exists: bool,
        ) {
            let prior = if exists { applied(&Value::Null, &before) } else { Value::Null };
            let planned = plan::<()>(&Typed::<All>::resource(), &prior, &config, None);
            let broken = broken_rules(&All::object(), &prior, &config, &planned.state, &Path::root());
            prop_assert_eq!(broken, Vec::<String>::new());
        }

        #[test]
        fn a_plan_is_a_function_of_its_arguments(
            before in any_config(Unknown::Nothing),
            config in any_config(Unknown::Anything),
        ) {
            let prior = applied(&Value::Null, &before);
            let [first, second] = [(); 2].map(|()| {
                plan::<()>(&Typed::<All>::resource(), &prior, &config, None)
            });
            prop_assert_eq!(first.state, second.state);
            prop_assert_eq!(first.replace, second.replace);
        }

        /// Terraform plans again during apply, when more is known.
        #[test]
        fn a_later_plan_keeps_what_an_earlier_one_knew(
            before in any_config(Unknown::Nothing),
            config in any_config(Unknown::Attributes),
            exists: bool,
        ) {
            let all = Typed::<All>::resource();
            let prior = if exists { applied(&Value::Null, &before) } else { Value::Null };
            let early = plan::<()>(&all, &prior, &config, None).state;
            let late = plan::<()>(&all, &prior, &resolved(&All::object(), &config), None).state;
            prop_assert!(keeps_promises(&early, &late), "{early:?}\n{late:?}");
        }

        #[test]
        fn what_was_applied_is_planned_as_no_change(
            before in any_config(Unknown::Nothing),
            config in any_config(Unknown::Nothing),
        ) {
            let prior = applied(&Value::Null, &before);
            let state = applied(&prior, &config);
            let again = plan::<()>(&Typed::<All>::resource(), &state, &config, None);
            prop_assert_eq!(again.state, state);
            prop_assert_eq!(again.replace, vec![]);
        }
    }
}
