//! `ApplyResourceChange`: creates, updates or deletes, and says truthfully what is there afterwards.
//!
//! An error diagnostic on create taints the object, and an answer without state loses it. So the answer
//! always holds what is known to exist, and after success it fits the plan whatever the service said.

use super::{
    OperationEnv,
    identity::identify,
    operation::perform,
    resource::{AnyResource, Operation},
    semantic_equality::{keep_prior_spelling, same_shape, semantic_equals},
    traverse,
    unknowns::{attribute_without_unknowns, with_write_only, without_unknowns},
};
use crate::{
    Diagnostic, Diagnostics, Path, Value,
    schema::{Attribute, AttributeType, Nesting, Object},
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
    pub(crate) identity: Option<Value>,
    pub(crate) private: Vec<u8>,
    pub(crate) diagnostics: Diagnostics,
}

/// Applies one planned change.
pub(crate) async fn apply<C>(
    resource: &dyn AnyResource<C>,
    change: Change,
    env: &OperationEnv<C>,
) -> Applied {
    let object = &resource.declaration().object;
    let Change { prior, planned, config, private } = change;
    let operation = match (prior.is_null(), planned.is_null()) {
        (true, true) => {
            let (state, diagnostics) = (Value::Null, Diagnostics::new());
            return Applied { state, identity: None, private, diagnostics };
        }
        (_, true) => Operation::Delete(prior.clone()),
        (true, _) => Operation::Create(with_write_only(object, &planned, &config)),
        _ => Operation::Update {
            prior: prior.clone(),
            planned: with_write_only(object, &planned, &config),
        },
    };
    let outcome = perform(resource, operation, private, env).await;
    let mut diagnostics = outcome.warnings;
    let state = match (outcome.result, outcome.saved) {
        (Ok(None), _) => Value::Null,
        (Ok(Some(seen)), _) => complete(object, &planned, &seen, &Path::root(), &mut diagnostics),
        (Err(errors), Some(saved)) => {
            diagnostics.extend(errors);
            // Not what was planned but what is there: the next plan has to see what is left to do.
            let saved = keep_prior_spelling(
                object,
                &saved,
                if planned.is_null() { &prior } else { &planned },
            );
            without_unknowns(object, &saved, &Path::root(), &mut Vec::new())
        }
        (Err(errors), None) => {
            diagnostics.extend(errors);
            prior
        }
    };
    let identity = identify(resource, &state, &mut diagnostics);
    Applied { state, identity, private: outcome.private, diagnostics }
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
    traverse::attributes(object, planned, [seen], |attribute, planned, [seen]| {
        let at = at.clone().attribute(&attribute.name);
        if attribute.write_only {
            return Value::Null;
        }
        match &attribute.kind {
            // What is sensitive is compared as a whole, so that no part of it can be told.
            AttributeType::Nested(nesting, object)
                if *nesting != Nesting::Set
                    && !attribute.sensitive
                    && same_shape(planned, seen) =>
            {
                traverse::objects(*nesting, planned, [seen], &at, |planned, [seen], at| {
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
    let state = attribute_without_unknowns(attribute, &fill(planned, seen), at, &mut unknown);
    let answer = attribute_without_unknowns(attribute, seen, at, &mut Vec::new());
    if !seen.is_wholly_known() {
        found.extend(unknown.into_iter().map(left_unknown));
    } else if !semantic_equals(attribute, &state, &answer) {
        // What else is unknown is part of something that the service knows nothing of.
        found.push(different_value(at));
    }
    state
}

/// `planned` with the parts of `seen` that stand where it is unknown.
fn fill(planned: &Value, seen: &Value) -> Value {
    match (planned, seen) {
        (planned, seen) if !planned.is_known() => seen.clone(),
        (Value::List(planned), Value::List(seen)) if planned.len() == seen.len() => {
            Value::list(planned.iter().zip(seen).map(|(planned, seen)| fill(planned, seen)))
        }
        (Value::Map(entries), seen @ Value::Map(_)) => {
            Value::map(entries.iter().map(|(key, planned)| (key, fill(planned, seen.get(key)))))
        }
        (planned, _) => planned.clone(),
    }
}

fn different_value(at: &Path) -> Diagnostic {
    // The values are not shown: they may come from a variable that the user calls sensitive, of which Terraform
    // tells nobody.
    Diagnostic::warning("provider returned a different value than planned")
        .detail(format!(
            "The value of `{at}` in the service differs from the planned one. The state has the planned value; \
             the next plan shows the difference if it remains."
        ))
        .at(at.clone())
}

/// The object exists, so that it has to be in state; but nobody knows this of it.
pub(super) fn left_unknown(at: Path) -> Diagnostic {
    Diagnostic::bug(format!(
        "It left `{at}` unknown after the operation. State holds the object without that value."
    ))
    .at(at)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        Json, Model,
        lifecycle::{
            Typed,
            plan::{plan, propose},
        },
        testkit::{All, Store, Thing, Unknown, answer, any_config, env, full, lean, thing, value},
    };

    struct World(OperationEnv<Store>);

    impl World {
        fn new() -> Self {
            Self(env())
        }

        /// Plans and applies, as Terraform does.
        async fn apply(&self, prior: &Value, config: Json) -> Applied {
            let resource = Typed::<Thing>::resource();
            let config = thing(config);
            let planned = plan(&resource, prior, &config, Some(&self.0.client)).state;
            let change = Change { prior: prior.clone(), planned, config, private: b"{}".to_vec() };
            apply(&resource, change, &self.0).await
        }

        async fn create(&self, config: Json) -> Applied {
            self.apply(&Value::Null, config).await
        }
    }

    #[track_caller]
    fn attributes(applied: &Applied, names: &[&str]) -> Vec<Json> {
        names.iter().map(|name| lean(applied.state.get(name))).collect()
    }

    #[tokio::test]
    async fn apply_returns_planned_values_and_fills_unknowns() {
        let config = json!({
            "name": "Web", "peer": "2001:db8::0001", "doors": [{"width": 1}, {"width": 2}],
        });
        let applied = World::new().create(config).await;
        assert_eq!(applied.diagnostics, Diagnostics::new());
        assert!(applied.state.is_wholly_known());
        assert_eq!(
            lean(&applied.state),
            json!({
                "id": "thing-1", "name": "Web", "note": "none", "peer": "2001:db8::0001",
                "port": 443, "revision": 1, "slug": "web",
                "doors": [{"width": 1, "key": "key-0"}, {"width": 2, "key": "key-1"}],
            })
        );
    }

    #[tokio::test]
    async fn write_only_value_reaches_create_but_not_state() {
        let world = World::new();
        let applied = world.create(json!({"name": "a", "secret": "hunter2"})).await;
        assert_eq!(applied.state.get("secret"), &Value::Null);
        assert_eq!(*world.0.client.secrets.lock().unwrap(), ["hunter2"]);
    }

    #[tokio::test]
    async fn planned_value_wins_over_response_with_one_warning() {
        let applied = World::new().create(json!({"name": "shouting", "note": "quiet"})).await;
        assert_eq!(attributes(&applied, &["id", "note"]), ["thing-1", "quiet"]);
        insta::assert_snapshot!(applied.diagnostics, @"note: provider returned a different value than planned");
        assert!(!applied.diagnostics.has_errors());
    }

    #[test]
    fn differing_number_of_elements_is_accepted() {
        let object = All::object();
        let part = |id: &str| json!({"name": "p", "port": 443, "id": id, "revision": 1});
        let [planned, seen] = [
            json!({"name": "a", "list": [part("?"), part("?")], "map": {"k": part("?")}}),
            json!({"name": "a", "list": [part("1")], "map": {"l": part("2")}}),
        ]
        .map(|json| full(&object, &value(json)));
        let mut found = Diagnostics::new();
        let state = complete(&object, &planned, &seen, &Path::root(), &mut found);
        assert!(state.is_wholly_known() && keeps_promises(&planned, &state));
        insta::assert_snapshot!(found.to_string(), @"
        list: provider returned a different value than planned
        map: provider returned a different value than planned
        ");
        assert!(!found.has_errors());
    }

    #[test]
    fn different_value_is_not_quoted() {
        let object = All::object();
        let [planned, seen] = [
            json!({"name": "hunter1", "token": "hunter2", "port": 80}),
            json!({"name": "hunter9", "token": "hunter3", "port": 443}),
        ]
        .map(|json| full(&object, &value(json)));
        let mut found = Diagnostics::new();
        complete(&object, &planned, &seen, &Path::root(), &mut found);
        let text: Vec<_> = found.iter().map(|d| d.detail.as_str()).collect();
        let text = text.join("\n");
        assert_eq!(found.len(), 3);
        // Only the user knows which of them is a secret.
        for secret in ["hunter", "80", "443"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[tokio::test]
    async fn identity_follows_state() {
        let world = World::new();
        let identity = |applied: &Applied| applied.identity.as_ref().map(lean);
        let made = world.create(json!({"name": "a"})).await;
        assert_eq!(identity(&made), Some(json!({"id": "thing-1", "name": "a"})));
        let renamed = world.apply(&made.state, json!({"name": "b"})).await;
        assert_eq!(identity(&renamed), Some(json!({"id": "thing-1", "name": "b"})));
        let failed = world.apply(&renamed.state, json!({"name": "fail before"})).await;
        assert_eq!(identity(&failed), identity(&renamed));
        assert_eq!(identity(&world.apply(&renamed.state, json!(null)).await), None);
        let tainted = world.create(json!({"name": "fail after"})).await;
        assert_eq!(identity(&tainted), Some(json!({"id": "thing-1", "name": "fail after"})));
    }

    #[tokio::test]
    async fn unknown_after_apply_is_an_error_and_object_stays() {
        let applied = World::new().create(json!({"name": "vague"})).await;
        assert!(applied.diagnostics.has_errors());
        assert_eq!(attributes(&applied, &["id", "revision"]), [json!("thing-1"), json!(null)]);
    }

    #[tokio::test]
    async fn an_error_or_panic_before_save_leaves_nothing() {
        for name in ["fail before", "panic before"] {
            let applied = World::new().create(json!({"name": name})).await;
            assert!(applied.diagnostics.has_errors(), "{name}");
            assert_eq!(applied.state, Value::Null, "{name}");
        }
    }

    #[tokio::test]
    async fn an_error_or_panic_after_save_keeps_the_object() {
        for name in ["fail after", "panic after"] {
            let applied = World::new().create(json!({"name": name, "secret": "s"})).await;
            assert!(applied.diagnostics.has_errors(), "{name}");
            assert_eq!(attributes(&applied, &["id", "secret"]), [json!("thing-1"), json!(null)]);
            assert_eq!(applied.private, b"{\"made by\":\"sample\"}", "{name}");
        }
    }

    #[tokio::test]
    async fn panic_in_operation_is_reported_as_a_bug() {
        let applied = World::new().create(json!({"name": "panic after"})).await;
        let texts = applied.diagnostics.iter().map(Diagnostic::full_detail).collect::<Vec<_>>();
        insta::assert_snapshot!(texts.join("\n"), @r"
        It panicked: could not create thing: told to.

        What to do: report this to the provider's authors with the text above.
        ");
    }

    #[tokio::test]
    async fn failed_update_returns_current_state() {
        let world = World::new();
        let made = world.create(json!({"name": "a"})).await.state;
        let failed = world.apply(&made, json!({"name": "fail before", "note": "new"})).await;
        assert_eq!(failed.state, made);
        assert!(failed.diagnostics.has_errors());

        // It has saved twice; the later one counts.
        let half = world.apply(&made, json!({"name": "half", "note": "new"})).await;
        assert!(half.diagnostics.has_errors());
        assert_eq!(attributes(&half, &["name", "note", "id"]), ["a", "new", "thing-1"]);
    }

    #[tokio::test]
    async fn state_is_null_only_after_delete() {
        let world = World::new();
        let made = world.create(json!({"name": "a"})).await.state;
        let gone = world.apply(&made, json!(null)).await;
        assert_eq!((gone.state, gone.diagnostics), (Value::Null, Diagnostics::new()));
        // Already gone is as good.
        let again = world.apply(&made, json!(null)).await;
        assert_eq!((again.state, again.diagnostics), (Value::Null, Diagnostics::new()));

        for note in ["fail before", "panic before", "fail after", "panic after"] {
            let made = world.create(json!({"name": "a", "note": note})).await.state;
            let kept = world.apply(&made, json!(null)).await;
            assert_eq!(kept.state, made, "{note}");
            assert!(kept.diagnostics.has_errors(), "{note}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_ends_an_operation_and_says_so() {
        let create = json!({"create": "5m"});
        let began = tokio::time::Instant::now();
        let applied = World::new().create(json!({"name": "wait after", "timeouts": create})).await;
        assert_eq!(began.elapsed(), Duration::from_mins(5));
        assert_eq!(attributes(&applied, &["id"]), ["thing-1"]);
        let detail = applied.diagnostics.into_iter().next().unwrap().detail;
        insta::assert_snapshot!(detail, @"It was stopped because `timeouts.create` of 5m has passed.");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_timeout_of_the_user_that_of_the_resource_counts() {
        let began = tokio::time::Instant::now();
        let applied = World::new().create(json!({"name": "wait before"})).await;
        assert_eq!(began.elapsed(), Duration::from_mins(20));
        assert_eq!(applied.state, Value::Null);
        let detail = applied.diagnostics.into_iter().next().unwrap().detail;
        insta::assert_snapshot!(detail, @"It was stopped because `timeouts.create` of 20m has passed.");
    }

    #[tokio::test]
    async fn a_stop_reaches_what_runs_and_not_what_comes_later() {
        let world = Arc::new(World::new());
        let running = tokio::spawn({
            let world = Arc::clone(&world);
            async move { world.create(json!({"name": "wait after"})).await }
        });
        while world.0.client.things().is_empty() {
            tokio::task::yield_now().await;
        }
        world.0.stop.give();
        let stopped = running.await.unwrap();
        assert_eq!(attributes(&stopped, &["id"]), ["thing-1"]);
        let detail = stopped.diagnostics.into_iter().next().unwrap().detail;
        insta::assert_snapshot!(detail, @"It was stopped because Terraform was interrupted.");

        let later = world.create(json!({"name": "a"})).await;
        assert_eq!(later.diagnostics, Diagnostics::new());
    }

    /// What Terraform checks of every answer.
    fn keeps_promises(planned: &Value, state: &Value) -> bool {
        match (planned, state) {
            (Value::Unknown(_), state) => state.is_wholly_known(),
            (Value::List(planned), Value::List(state)) => {
                planned.len() == state.len()
                    && planned.iter().zip(state).all(|(p, s)| keeps_promises(p, s))
            }
            (Value::Map(planned), Value::Map(state)) => {
                planned.len() == state.len()
                    && planned
                        .iter()
                        .all(|(k, p)| state.get(k).is_some_and(|s| keeps_promises(p, s)))
            }
            (planned, state) => planned == state,
        }
    }

    proptest! {
        #[test]
        fn plan_is_kept_for_any_response(
            config in any_config(Unknown::Nothing),
            other in any_config(Unknown::Anything),
            honest: bool,
        ) {
            let object = All::object();
            let planned = propose(&object, &Value::Null, &config);
            let seen = if honest { answer(&object, &planned) } else { other };
            let mut found = Diagnostics::new();
            let state = complete(&object, &planned, &seen, &Path::root(), &mut found);
            prop_assert!(state.is_wholly_known());
            prop_assert!(keeps_promises(&planned, &state), "{planned:?} {state:?}");
            prop_assert_eq!(without_unknowns(&object, &state, &Path::root(), &mut vec![]), state);
        }
    }
}
