//! `ReadDataSource`: a configuration in, the same with everything the service knows out.

use super::{
    Boxed, Component, Declaration, OperationEnv, Typed,
    apply::complete,
    decode,
    operation::{Limit, not_known_yet, run},
    plan::propose,
};
use crate::{Cx, DataSource, Diagnostics, Path, Result, Value, context::OperationRecord};

/// A data source whose Rust type is forgotten.
pub(crate) trait AnyDataSource<C>: Component {
    fn read(&self, config: Value, cx: Cx<C>) -> Boxed<Result<Value>>;
}

/// What was read; null when nothing could be.
pub(crate) struct Looked {
    pub(crate) state: Value,
    pub(crate) diagnostics: Diagnostics,
}

/// Reads one data source. What the user set stays as the user wrote it.
pub(crate) async fn read<C>(
    data_source: &dyn AnyDataSource<C>,
    config: Value,
    env: &OperationEnv<C>,
) -> Looked {
    let answer = ask("read", data_source.declaration(), &config, env, |config, cx| {
        let reading = data_source.read(config, cx);
        Box::pin(async move { Ok((reading.await?, ())) })
    });
    let (answer, diagnostics) = answer.await;
    let state = match answer {
        Some((state, ())) => state,
        // What Terraform works with until it asks again.
        None if diagnostics.until().is_some() => {
            propose(&data_source.declaration().object, &Value::Null, &config)
        }
        None => Value::Null,
    };
    Looked { state, diagnostics }
}

/// Has a configuration completed by an author's code, which may answer something more besides.
pub(super) async fn ask<C, T: Send + 'static>(
    verb: &str,
    declaration: &Declaration,
    config: &Value,
    env: &OperationEnv<C>,
    start: impl FnOnce(Value, Cx<C>) -> Boxed<Result<(Value, T)>>,
) -> (Option<(Value, T)>, Diagnostics) {
    let description = format!("{verb} {}", declaration.name);
    if !config.is_wholly_known() {
        // Terraform waits until it is known; an answer to half a question would be wrong.
        return (None, not_known_yet(&description).into());
    }
    let planned = propose(&declaration.object, &Value::Null, config);
    let mut limit = Limit::of(declaration, "read", &planned);
    limit.only_reads = verb == "read";
    let asked = planned.clone();
    let outcome =
        run(&description, env, limit, OperationRecord::default(), |cx| start(asked, cx)).await;
    let (answer, mut diagnostics) = outcome.into_parts();
    let answer = answer.map(|(seen, more)| {
        let root = Path::root();
        (complete(&declaration.object, &planned, &seen, &root, &mut diagnostics), more)
    });
    (answer, diagnostics)
}

impl<D: DataSource> Typed<D> {
    pub(crate) fn data_source() -> Self {
        let declaration = Declaration::new(D::NAME, D::object());
        Self::new(declaration.with_constraints(D::constraints()), <D as DataSource>::check)
    }
}

impl<D: DataSource> AnyDataSource<D::Client> for Typed<D> {
    fn read(&self, config: Value, cx: Cx<D::Client>) -> Boxed<Result<Value>> {
        Box::pin(async move { Ok(decode::<D>(config)?.read(&cx).await?.encode()) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Json, Model,
        lifecycle::Typed,
        testkit::{Lookup, Thing, env, full, lean, thing, value},
    };

    async fn looked(config: Json) -> Looked {
        let env = env();
        let remote = json!({"id": "1", "name": "a", "note": "n", "port": 1, "revision": 3});
        let remote: Thing = crate::Field::decode(thing(remote)).unwrap();
        env.client.things().insert("1".to_owned(), remote);
        let config = full(&Lookup::object(), &value(config));
        read(&Typed::<Lookup>::data_source(), config, &env).await
    }

    #[tokio::test]
    async fn spelling_of_the_user_is_kept() {
        let looked = looked(json!({"name": "a", "peer": "::0001"})).await;
        assert_eq!(looked.diagnostics, Diagnostics::new());
        assert_eq!(lean(&looked.state), json!({"name": "a", "peer": "::0001", "id": "1"}));
    }

    #[tokio::test(start_paused = true)]
    async fn service_that_never_answers_ends_at_the_default_limit() {
        let start = tokio::time::Instant::now();
        let looked = looked(json!({"name": "wait"})).await;
        assert_eq!(start.elapsed().as_secs(), 20 * 60 + 5);
        let found = looked.diagnostics.into_iter().next().unwrap();
        assert_eq!(found.summary, "could not read thing");
        assert_eq!(found.detail, "It was stopped because its limit of 20m has passed.");
    }

    #[tokio::test]
    async fn err_missing_panicking_or_unknown() {
        for (name, says) in [
            ("b", "name: there is no thing named b"),
            ("panic", "the provider has a bug"),
            ("?", "cannot read thing yet"),
        ] {
            let looked = looked(json!({"name": name})).await;
            assert_eq!(looked.state, Value::Null);
            assert_eq!(looked.diagnostics.to_string(), says);
        }
    }
}
