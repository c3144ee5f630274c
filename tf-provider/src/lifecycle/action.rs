//! `PlanAction` and `InvokeAction`: something is done, and nothing is remembered of it.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::{
    Boxed, Component, Declaration, OperationEnv, Typed, catch_panic, decode,
    operation::{Limit, not_known_yet, run},
};
use crate::{Action, Cx, Diagnostics, Result, Value, context::OperationRecord};

/// An action whose Rust type is marked.
pub(crate) trait AnyAction<C>: Component {
    /// Asks the author what speaks against it.
    fn plan(&self, config: &Value, client: Option<&C>) -> Diagnostics;

    fn invoke(&self, config: Value, cx: Cx<C>) -> Boxed<Result<()>>;
}

/// Says what speaks against description it. Parts of the configuration may be unknown.
pub(crate) fn plan<C>(
    action: &dyn AnyAction<C>,
    config: &Value,
    client: Option<&C>,
) -> Diagnostics {
    let description = format!("plan {}", action.declaration().name);
    catch_panic(&description, || action.plan(config, client)).unwrap_or_else(|bug| bug)
}

/// Does it, and sends its progress meanwhile.
pub(crate) async fn invoke<C>(
    action: &dyn AnyAction<C>,
    config: Value,
    env: &OperationEnv<C>,
    progress: UnboundedSender<String>,
) -> Diagnostics {
    let description = format!("invoke {}", action.declaration().name);
    if !config.is_wholly_known() {
        return not_known_yet(&description).into();
    }
    let record = OperationRecord::with_progress(progress);
    let limit = Limit::fixed(Duration::from_hours(1), false);
    run(&description, env, limit, record, |cx| action.invoke(config, cx)).await.into_parts().1
}

impl<A: Action> Typed<A> {
    pub(crate) fn action() -> Self {
        let declaration = Declaration::new(A::NAME, A::object());
        Self::new(declaration.with_constraints(A::constraints()), <A as Action>::check)
    }
}

impl<A: Action> AnyAction<A::Client> for Typed<A> {
    fn plan(&self, config: &Value, client: Option<&A::Client>) -> Diagnostics {
        A::partial(config).map_or_else(|errors| errors, |config| A::plan(&config, client))
    }

    fn invoke(&self, config: Value, cx: Cx<A::Client>) -> Boxed<Result<()>> {
        Box::pin(async move { decode::<A>(config)?.invoke(&cx).await })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::{
        Json, Model,
        testkit::{Store, action::Ring, env, full, value},
    };

    fn config(json: Json) -> Value {
        full(&Ring::object(), &value(json))
    }

    async fn invoked(config: Json, env: &OperationEnv<Store>) -> (Vec<String>, String) {
        let (progress, mut messages) = unbounded_channel();
        let ring = Typed::<Ring>::action();
        let found = invoke(&ring, self::config(config), env, progress).await;
        let mut sent = Vec::new();
        while let Some(message) = messages.recv().await {
            sent.push(message);
        }
        (sent, found.to_string())
    }

    #[tokio::test]
    async fn action_sends_progress_and_warnings() {
        let (sent, found) = invoked(json!({"bell": "door"}), &env()).await;
        assert_eq!(sent, ["door rings 1 of 2", "door rings 2 of 2"]);
        assert_eq!(found, "it rang");
    }

    #[tokio::test]
    async fn progress_before_an_error_is_sent() {
        for (bell, says) in [("error", "told to"), ("panic", "the provider has a bug")] {
            let (sent, found) = invoked(json!({"bell": bell, "times": 1}), &env()).await;
            assert_eq!((sent.len(), found.as_str()), (1, says));
        }
        let (sent, found) = invoked(json!({"bell": "?"}), &env()).await;
        assert_eq!((sent.len(), found.as_str()), (0, "cannot invoke ring yet"));
    }

    #[tokio::test]
    async fn stop_ends_action() {
        let env = env();
        let config = json!({"bell": "wait", "times": 1_000_000});
        let ((sent, found), ()) = tokio::join!(invoked(config, &env), async {
            tokio::task::yield_now().await;
            env.stop.give();
        });
        assert!(sent.len() < 1_000_000);
        assert_eq!(found, "stopped");
    }

    #[test]
    fn plan_of_action_runs_with_and_without_client() {
        let ring = Typed::<Ring>::action();
        let env = env();
        let client = &*env.client;
        for (bell, client, says) in [
            ("door", Some(client), ""),
            ("?", Some(client), ""),
            ("stolen", Some(client), "bell: there is no such bell"),
            ("stolen", None, ""),
            ("panic", Some(client), "the provider has a bug"),
        ] {
            let found = plan(&ring, &config(json!({"bell": bell})), client);
            assert_eq!(found.to_string(), says);
        }
    }
}
