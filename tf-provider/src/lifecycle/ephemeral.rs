//! `OpenEphemeralResource`, `RenewEphemeralResource` and `CloseEphemeralResource`: what lasts while
//! Terraform runs.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Boxed, Component, Declaration, OperationEnv, Typed,
    data_source::ask,
    decode,
    operation::{Limit, run},
};
use crate::{
    Cx, Diagnostic, Diagnostics, Ephemeral, Lease, Result, Value, context::OperationRecord,
};

/// An ephemeral resource whose Rust type is marked.
pub(crate) trait AnyEphemeral<C>: Component {
    fn open(&self, config: Value, cx: Cx<C>) -> Boxed<Result<(Value, Lease<Vec<u8>>)>>;

    fn renew(&self, private: Vec<u8>, cx: Cx<C>) -> Boxed<Result<Lease<Vec<u8>>>>;

    fn close(&self, private: Vec<u8>, cx: Cx<C>) -> Boxed<Result<()>>;
}

/// What was opened.
pub(crate) struct Opened {
    /// Null when nothing is open.
    pub(crate) result: Value,
    pub(crate) lease: Option<Lease<Vec<u8>>>,
    pub(crate) diagnostics: Diagnostics,
}

/// Opens one. What the user set stays as the user wrote it.
pub(crate) async fn open<C>(
    ephemeral: &dyn AnyEphemeral<C>,
    config: Value,
    env: &OperationEnv<C>,
) -> Opened {
    let declaration = ephemeral.declaration();
    let answer = ask("open", declaration, &config, env, |config, cx| ephemeral.open(config, cx));
    match answer.await {
        (Some((_, lease)), mut diagnostics) if diagnostics.has_errors() => {
            // To Terraform it is not open, so that nobody else will close it.
            diagnostics.extend(close(ephemeral, lease.private, env).await);
            Opened { result: Value::Null, lease: None, diagnostics }
        }
        (Some((result, lease)), diagnostics) => Opened { result, lease: Some(lease), diagnostics },
        (None, diagnostics) => Opened { result: Value::Null, lease: None, diagnostics },
    }
}

/// Makes it last longer.
pub(crate) async fn renew<C>(
    ephemeral: &dyn AnyEphemeral<C>,
    private: Vec<u8>,
    env: &OperationEnv<C>,
) -> (Option<Lease<Vec<u8>>>, Diagnostics) {
    let description = format!("renew {}", ephemeral.declaration().name);
    let renew = |cx| ephemeral.renew(private, cx);
    run(&description, env, limit(), OperationRecord::default(), renew).await.into_parts()
}

/// Ends it.
pub(crate) async fn close<C>(
    ephemeral: &dyn AnyEphemeral<C>,
    private: Vec<u8>,
    env: &OperationEnv<C>,
) -> Diagnostics {
    let description = format!("close {}", ephemeral.declaration().name);
    let close = |cx| ephemeral.close(private, cx);
    run(&description, env, limit(), OperationRecord::default(), close).await.into_parts().1
}

impl<E: Ephemeral> Typed<E> {
    pub(crate) fn ephemeral() -> Self {
        let declaration = Declaration::new(E::NAME, E::object());
        Self::new(declaration.with_constraints(E::constraints()), <E as Ephemeral>::check)
    }
}

impl<E: Ephemeral> AnyEphemeral<E::Client> for Typed<E> {
    fn open(&self, config: Value, cx: Cx<E::Client>) -> Boxed<Result<(Value, Lease<Vec<u8>>)>> {
        Box::pin(async move {
            let (opened, lease) = decode::<E>(config)?.open(&cx).await?;
            Ok((opened.encode(), written(&lease)?))
        })
    }

    fn renew(&self, private: Vec<u8>, cx: Cx<E::Client>) -> Boxed<Result<Lease<Vec<u8>>>> {
        Box::pin(async move { written(&E::renew(read(&private)?, &cx).await?) })
    }

    fn close(&self, private: Vec<u8>, cx: Cx<E::Client>) -> Boxed<Result<()>> {
        Box::pin(async move { E::close(read(&private)?, &cx).await })
    }
}

fn read<T: DeserializeOwned>(private: &[u8]) -> Result<T> {
    let text = if private.is_empty() { b"null" } else { private };
    Ok(serde_json::from_slice(text).map_err(|error| unfit(&error))?)
}

fn written<T: Serialize>(lease: &Lease<T>) -> Result<Lease<Vec<u8>>> {
    let private = serde_json::to_vec(&lease.private).map_err(|error| unfit(&error))?;
    Ok(Lease { private, renew_at: lease.renew_at })
}

fn unfit(error: &serde_json::Error) -> Diagnostic {
    // The error itself would quote what is kept, which may be a secret.
    let (kind, line, column) = (error.classify(), error.line(), error.column());
    Diagnostic::bug(format!(
        "The private data of an ephemeral resource could not be encoded or decoded: {kind:?} error at line \
         {line}, column {column}."
    ))
}

fn limit() -> Limit {
    Limit::fixed(Duration::from_mins(20), false)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::json;

    use super::*;
    use crate::{
        Json, Model,
        testkit::{Store, env, ephemeral::Token, full, lean, value},
    };

    struct World(OperationEnv<Store>);

    impl World {
        async fn open(&self, config: Json) -> Opened {
            let config = full(&Token::object(), &value(config));
            open(&Typed::<Token>::ephemeral(), config, &self.0).await
        }

        async fn close(&self, private: &[u8]) -> Diagnostics {
            close(&Typed::<Token>::ephemeral(), private.to_vec(), &self.0).await
        }

        fn said(&self) -> Vec<String> {
            self.0.client.secrets.lock().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn opened_renewed_and_closed_with_what_is_kept_beside_it() {
        let world = World(env());
        let opened = world.open(json!({"name": "a", "peer": "::0001"})).await;
        assert_eq!(opened.diagnostics, Diagnostics::new());
        let expected = json!({"name": "a", "peer": "::0001", "token": "token of a"});
        assert_eq!(lean(&opened.result), expected);
        let lease = opened.lease.unwrap();
        assert_eq!(lease.renew_at, Some(SystemTime::UNIX_EPOCH + Duration::from_mins(1)));

        let token = Typed::<Token>::ephemeral();
        let (renewed, diagnostics) = renew(&token, lease.private, &world.0).await;
        assert_eq!(diagnostics, Diagnostics::new());
        let private = renewed.unwrap().private;
        assert_eq!(world.close(&private).await, Diagnostics::new());
        assert_eq!(world.said(), ["closed a after 1 renewals"]);
    }

    #[tokio::test]
    async fn err_missing_panicking_or_unknown() {
        for (name, says) in [
            ("error", "told to"),
            ("panic", "the provider has a bug"),
            ("?", "cannot open token yet"),
        ] {
            let opened = World(env()).open(json!({"name": name})).await;
            assert_eq!(opened.diagnostics.to_string(), says);
            assert_eq!((opened.result, opened.lease), (Value::Null, None));
        }
    }

    #[tokio::test]
    async fn incomplete_open_is_closed_at_once() {
        let world = World(env());
        let opened = world.open(json!({"name": "vague"})).await;
        assert_eq!(opened.diagnostics.to_string(), "token: the provider has a bug");
        assert_eq!(opened.lease, None);
        assert_eq!(world.said(), ["closed vague after 0 renewals"]);
    }

    #[tokio::test]
    async fn failed_close_is_reported() {
        let world = World(env());
        let opened = world.open(json!({"name": "sticky"})).await;
        let found = world.close(&opened.lease.unwrap().private).await;
        assert_eq!(found.to_string(), "it does not close");
        for junk in ["", "{", "[1]"] {
            let found = world.close(junk.as_bytes()).await;
            assert_eq!(found.to_string(), "the provider has a bug");
        }
    }

    #[tokio::test]
    async fn stop_ends_open_but_not_close() {
        let world = World(env());
        let opening = async {
            let (opened, ()) = tokio::join!(world.open(json!({"name": "wait"})), async {
                while world.said().is_empty() {
                    tokio::task::yield_now().await;
                }
                world.0.stop.give();
            });
            opened
        };
        let opened = opening.await;
        let detail = opened.diagnostics.into_iter().next().unwrap().detail;
        assert_eq!(detail, "It was stopped because Terraform was interrupted.");
        let other = world.open(json!({"name": "b"})).await;
        assert_eq!(world.close(&other.lease.unwrap().private).await, Diagnostics::new());
    }
}
