//! `ListResource`: one object after the other, each with its identity, until the user has enough.

use std::time::Duration;

use super::{
    Boxed, Component, Declaration, OperationEnv, Typed, decode,
    identity::identify,
    import::import,
    operation::{Limit, not_known_yet, run},
    read::read,
    resource::AnyResource,
    unknowns::without_unknowns,
};
use crate::{
    Cx, Diagnostic, Diagnostics, Found, Import, List, Path, Resource, Result, Value,
    context::OperationRecord,
    list::{Item, Sink},
};

/// A list whose Rust type is marked.
pub(crate) trait AnyList<C>: Component {
    fn list(&self, config: Value, sink: Sink, cx: Cx<C>) -> Boxed<Result<()>>;
}

/// Lists objects into the sink, and says what is to be told of the list as a whole.
pub(crate) async fn list<C>(
    list: &dyn AnyList<C>,
    config: Value,
    sink: Sink,
    env: &OperationEnv<C>,
) -> Diagnostics {
    let description = format!("list {}", list.declaration().name);
    if !config.is_wholly_known() {
        return not_known_yet(&description).into();
    }
    // Who asks for everything may write no configuration at all.
    let config = if config.is_null() { Value::map::<&str>([]) } else { config };
    let start = |cx| list.list(config, sink, cx);
    let limit = Limit::fixed(Duration::from_mins(20), true);
    run(&description, env, limit, OperationRecord::default(), start).await.into_parts().1
}

/// Completes one item: every one has an identity, and an object exactly if that is wanted.
pub(crate) async fn complete<C>(
    resource: &dyn AnyResource<C>,
    item: Item,
    with_object: bool,
    env: &OperationEnv<C>,
) -> Item {
    let Item { name, identity, object, mut diagnostics } = item;
    let declaration = resource.declaration();
    let mut object = object.map(|object| {
        without_unknowns(&declaration.object, &object, &Path::root(), &mut Vec::new())
    });
    let identity = match (identity, &object) {
        (None, Some(object)) => identify(resource, object, &mut diagnostics),
        (identity, _) => identity.filter(Value::is_wholly_known),
    };
    match &identity {
        None => diagnostics.push(Diagnostic::bug(format!(
            "It listed the {} `{name}` without an identity.",
            declaration.name
        ))),
        Some(identity) if with_object && object.is_none() => {
            object = look(resource, identity.clone(), env, &mut diagnostics).await;
        }
        Some(_) => {}
    }
    Item { name, identity, object: object.filter(|_| with_object), diagnostics }
}

/// Imports and reads an object of which nothing but the identity is known.
async fn look<C>(
    resource: &dyn AnyResource<C>,
    identity: Value,
    env: &OperationEnv<C>,
    found: &mut Diagnostics,
) -> Option<Value> {
    let imported = import(resource, Import::Identity(identity), env).await;
    found.extend(imported.diagnostics);
    let seen = read(resource, imported.state?, imported.private, env).await;
    found.extend(seen.diagnostics);
    Some(seen.state).filter(|state| !state.is_null())
}

impl<L: List> Typed<L> {
    pub(crate) fn list() -> Self {
        let declaration = Declaration::new(L::Resource::NAME, L::object());
        Self::new(declaration.with_constraints(L::constraints()), <L as List>::check)
    }
}

impl<L: List> AnyList<<L::Resource as Resource>::Client> for Typed<L> {
    fn list(
        &self,
        config: Value,
        sink: Sink,
        cx: Cx<<L::Resource as Resource>::Client>,
    ) -> Boxed<Result<()>> {
        Box::pin(async move {
            let list = decode::<L>(config)?;
            let enough = sink.enough.clone();
            let found = Found::new(sink);
            tokio::select! {
                listed = list.list(&found, &cx) => listed,
                () = enough.cancelled() => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::mpsc::channel;

    use super::*;
    use crate::{
        Json, Model,
        testkit::{Store, Thing, env, full, lean, list::Things, thing, value},
    };

    /// A store of three things.
    fn world() -> OperationEnv<Store> {
        let env = env();
        for id in ["1", "2", "3"] {
            let remote = json!({"id": id, "name": "a", "note": "n", "port": 1, "revision": 1, "secret": "s"});
            let remote: Thing = crate::Field::decode(thing(remote)).unwrap();
            env.client.things().insert(id.to_owned(), remote);
        }
        env
    }

    /// The items, and what is said of the whole.
    async fn listed(config: Json, limit: Option<usize>, objects: bool) -> (Vec<Item>, String) {
        let env = world();
        let config = full(&Things::object(), &value(config));
        let (items, mut received) = channel(1);
        let things = Typed::<Things>::list();
        let sink = Sink::new(items, limit, objects);
        let (found, items) = tokio::join!(list(&things, config, sink, &env), async {
            let mut items = Vec::new();
            while let Some(item) = received.recv().await {
                let thing = Typed::<Thing>::resource();
                items.push(complete(&thing, item, objects, &env).await);
            }
            items
        });
        (items, found.to_string())
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a table of `json!` reads better than of `&json!`"
    )]
    #[track_caller]
    fn check(item: &Item, identity: Json, object: Json, says: &str) {
        let lean = |value: Option<&Value>| value.map_or(Json::Null, lean);
        assert_eq!(lean(item.identity.as_ref()), identity);
        assert_eq!(lean(item.object.as_ref()), object);
        assert_eq!(item.diagnostics.to_string(), says);
    }

    #[tokio::test]
    async fn identities_alone_or_with_their_objects() {
        let (items, found) = listed(json!({}), None, false).await;
        assert_eq!((items.len(), found.as_str()), (3, "that is all"));
        check(&items[0], json!({"id": "1", "name": "a"}), json!(null), "");

        // Nothing write-only, and nothing unknown.
        let (items, _) = listed(json!({}), None, true).await;
        let object = json!({"id": "1", "name": "a", "note": "n", "port": 1, "revision": 1});
        check(&items[0], json!({"id": "1", "name": "a"}), object, "");
    }

    #[tokio::test]
    async fn object_of_listed_identity_is_read_on_request() {
        let (items, _) = listed(json!({"as": "identity"}), None, false).await;
        check(&items[0], json!({"id": "1"}), json!(null), "");
        let (items, _) = listed(json!({"as": "identity"}), None, true).await;
        let object = json!({"id": "1", "name": "a", "note": "n", "port": 1, "revision": 1});
        check(&items[0], json!({"id": "1"}), object, "");
    }

    #[tokio::test]
    async fn the_limit_is_kept() {
        for (limit, expected) in [(1, 1), (2, 2), (3, 3), (9, 3)] {
            let (items, _) = listed(json!({}), Some(limit), false).await;
            assert_eq!(items.len(), expected);
        }
    }

    #[tokio::test]
    async fn endless_list_ends_at_the_limit() {
        let (items, found) = listed(json!({"as": "endless"}), Some(5), false).await;
        assert_eq!((items.len(), found.as_str()), (5, ""));
    }

    #[tokio::test]
    async fn endless_list_ends_when_client_disconnects() {
        let env = world();
        let (items, received) = channel(1);
        drop(received);
        let config = full(&Things::object(), &value(json!({"as": "endless"})));
        let sink = Sink::new(items, None, false);
        let found = list(&Typed::<Things>::list(), config, sink, &env).await;
        assert_eq!(found, Diagnostics::new());
    }

    #[tokio::test]
    async fn objects_before_an_error_are_listed() {
        for (way, says) in [("error", "told to"), ("panic", "the provider has a bug")] {
            let (items, found) = listed(json!({"as": way}), None, false).await;
            assert_eq!((items.len(), found.as_str()), (3, says));
        }
        let (items, found) = listed(json!({"as": "?"}), None, false).await;
        assert_eq!((items.len(), found.as_str()), (0, "cannot list thing yet"));
        let (items, found) = listed(json!(null), None, false).await;
        assert_eq!((items.len(), found.as_str()), (3, "that is all"));
    }

    #[tokio::test]
    async fn each_item_has_its_own_messages() {
        let (items, _) = listed(json!({"as": "warning"}), None, false).await;
        check(&items[1], json!({"id": "2", "name": "a"}), json!(null), "this is 2");
        let (items, _) = listed(json!({"as": "nobody"}), None, false).await;
        check(&items[0], json!(null), json!(null), "the provider has a bug");
    }
}
