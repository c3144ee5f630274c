//! `ReadResource`: what is there now, in the words that state already has.

use super::{
    OperationEnv,
    apply::left_unknown,
    identity::identify,
    operation::perform,
    resource::{AnyResource, Operation},
    semantic_equality::keep_prior_spelling,
    unknowns::without_unknowns,
};
use crate::{Diagnostics, Path, Value};

/// What is there now.
pub(crate) struct Read {
    /// Null when the object is gone, and the old state when it could not be read.
    pub(crate) state: Value,
    pub(crate) identity: Option<Value>,
    pub(crate) private: Vec<u8>,
    pub(crate) diagnostics: Diagnostics,
}

/// Reads one object.
pub(crate) async fn read<C>(
    resource: &dyn AnyResource<C>,
    state: Value,
    private: Vec<u8>,
    env: &OperationEnv<C>,
) -> Read {
    if state.is_null() {
        return Read { state, identity: None, private, diagnostics: Diagnostics::new() };
    }
    let object = &resource.declaration().object;
    let outcome = perform(resource, Operation::Read(state.clone()), private, env).await;
    let mut diagnostics = outcome.warnings;
    let state = match outcome.result {
        Ok(None) => Value::Null,
        Ok(Some(seen)) => {
            let mut unknown = Vec::new();
            let seen = keep_prior_spelling(object, &seen, &state);
            let seen = without_unknowns(object, &seen, &Path::root(), &mut unknown);
            diagnostics.extend(unknown.into_iter().map(left_unknown));
            seen
        }
        Err(errors) => {
            diagnostics.extend(errors);
            state
        }
    };
    let identity = identify(resource, &state, &mut diagnostics);
    Read { state, identity, private: outcome.private, diagnostics }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        Json, Model,
        lifecycle::{Typed, plan::propose, semantic_equality::object_equals},
        testkit::{All, Thing, Unknown, answer, any_config, env, full, lean, thing, value},
    };

    async fn seen(state: Json, remote: Option<Json>) -> Read {
        let env = env();
        if let Some(remote) = remote {
            let remote: Thing = crate::Field::decode(thing(remote)).unwrap();
            env.client.things().insert("1".to_owned(), remote);
        }
        read(&Typed::<Thing>::resource(), thing(state), b"private".to_vec(), &env).await
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a table of `json!` reads better than of `&json!`"
    )]
    fn state(more: Json) -> Json {
        let mut state = json!({
            "id": "1", "name": "a", "note": "n", "port": 1, "revision": 1, "slug": "a",
        });
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        state
    }

    #[tokio::test]
    async fn read_of_missing_object_is_null() {
        let read = seen(state(json!({})), None).await;
        assert_eq!((read.state, read.diagnostics), (Value::Null, Diagnostics::new()));
    }

    #[tokio::test]
    async fn a_read_is_known_and_holds_nothing_write_only() {
        let remote = state(json!({"revision": "?", "secret": "s"}));
        let read = seen(state(json!({"note": "old"})), Some(remote)).await;
        assert!(read.state.is_wholly_known());
        assert_eq!((read.state.get("secret"), read.state.get("note")), (&Value::Null, &"n".into()));
        assert_eq!(read.diagnostics.to_string(), "revision: the provider has a bug");
    }

    #[tokio::test]
    async fn an_error_returns_the_old_state() {
        let old = state(json!({"note": "unreadable"}));
        let read = seen(old.clone(), None).await;
        assert_eq!(lean(&read.state), old);
        assert!(read.diagnostics.has_errors());
    }

    #[tokio::test]
    async fn identity_follows_read_object() {
        let identity = |read: Read| read.identity.map_or(Json::Null, |identity| lean(&identity));
        let renamed = seen(state(json!({})), Some(state(json!({"name": "b"})))).await;
        assert_eq!(identity(renamed), json!({"id": "1", "name": "b"}));
        let unread = seen(state(json!({"note": "unreadable"})), None).await;
        assert_eq!(identity(unread), json!({"id": "1", "name": "a"}));
        assert_eq!(identity(seen(state(json!({})), None).await), json!(null));
    }

    #[tokio::test]
    async fn private_state_is_threaded_through() {
        assert_eq!(seen(state(json!({})), None).await.private, b"private");
        assert_eq!(seen(state(json!({"note": "unreadable"})), None).await.private, b"private");
    }

    #[tokio::test]
    async fn the_stored_spelling_stays_where_it_means_the_same() {
        let old = state(json!({"peer": "2001:DB8::0001", "peers": ["::0001", "::0002"]}));
        let remote = state(json!({"peer": "2001:db8::1", "peers": ["::2", "::1"]}));
        assert_eq!(lean(&seen(old.clone(), Some(remote)).await.state), old);
    }

    #[tokio::test]
    async fn drift_shows_exactly_what_changed() {
        let old = state(json!({"peer": "::0001", "peers": ["::0001", "::0002"]}));
        let remote = state(json!({"peer": "::3", "peers": ["::3", "::1"], "note": "new"}));
        let expected = state(json!({"peer": "::3", "peers": ["::0001", "::3"], "note": "new"}));
        let mut read = lean(&seen(old, Some(remote)).await.state);
        read["peers"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        assert_eq!(read, expected);
    }

    #[test]
    fn only_the_edited_element_of_a_list_changes_its_spelling() {
        let object = All::object();
        let of = |json| full(&object, &value(json));
        let stored = of(json!({
            "flat": [{"name": "A"}, {"name": "B", "port": 1}, {"name": "C"}],
            "labels": {"x": "A", "y": "B"},
        }));
        let now = of(json!({
            "flat": [{"name": "x"}, {"name": "a"}, {"name": "b", "port": 2}, {"name": "c"}],
            "labels": {"x": "a", "y": "c"},
        }));
        let expected = json!({
            "flat": [{"name": "x"}, {"name": "A"}, {"name": "b", "port": 2}, {"name": "C"}],
            "labels": {"x": "A", "y": "c"},
        });
        assert_eq!(lean(&keep_prior_spelling(&object, &now, &stored)), expected);
    }

    fn lower(value: &Value) -> Value {
        match value {
            Value::String(text) => Value::from(text.to_lowercase()),
            Value::List(elements) => Value::list(elements.iter().map(lower)),
            Value::Map(entries) => Value::map(entries.iter().map(|(k, v)| (k, lower(v)))),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn equivalent_spelling_is_not_drift(config in any_config(Unknown::Nothing)) {
            let object = All::object();
            let stored = answer(&object, &propose(&object, &Value::Null, &config));
            let now = lower(&stored);
            if object_equals(&object, &stored, &now) {
                prop_assert_eq!(keep_prior_spelling(&object, &now, &stored), stored);
            }
        }
    }
}
