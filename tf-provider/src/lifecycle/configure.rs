//! `ConfigureProvider`: from the provider block to a client.

use std::{future::Future, sync::Arc};

use super::{catch_panic, operation::panicked};
use crate::{ConfigureCx, Diagnostics, Model, Partial, Result, Value, context::OperationRecord};

/// Makes the client. Unknown values are legal here: during plan they may be made in the same run.
pub(crate) async fn configure<M: Model, C, F>(
    provider: &str,
    config: &Value,
    terraform_version: String,
    make: impl FnOnce(Partial<M>, ConfigureCx) -> F,
) -> (Option<C>, Diagnostics)
where
    C: Send + 'static,
    F: Future<Output = Result<C>> + Send + 'static,
{
    let record = Arc::new(OperationRecord::default());
    let cx = ConfigureCx::new(terraform_version, Arc::clone(&record));
    let description = format!("configure the provider {provider}");
    let result = match catch_panic(&description, || M::partial(config)).and_then(|config| config) {
        Err(errors) => Err(errors),
        Ok(config) => {
            let task = tokio::spawn(make(config, cx));
            task.await.unwrap_or_else(|failed| Err(panicked(&description, failed)))
        }
    };
    let mut diagnostics = std::mem::take(&mut *record.warnings());
    match result {
        Ok(client) => (Some(client), diagnostics),
        Err(errors) => {
            diagnostics.extend(errors);
            (None, diagnostics)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Json, Provider,
        testkit::{Config, Sample, value},
    };

    #[track_caller]
    fn check(
        (client, found): (Option<crate::testkit::Store>, Diagnostics),
        made: bool,
        says: &str,
    ) {
        assert_eq!((client.is_some(), found.to_string().as_str()), (made, says));
    }

    async fn configured(config: Json) -> (Option<crate::testkit::Store>, Diagnostics) {
        let make = |config, cx| async move { Sample::configure(config, &cx).await };
        configure::<Config, _, _>("sample", &value(config), "1.11.4".to_owned(), make).await
    }

    #[tokio::test]
    async fn unknown_value_is_not_known_yet() {
        check(configured(json!({"prefix": null})).await, true, "");
        check(configured(json!({"prefix": "?"})).await, true, "not yet");
    }

    #[tokio::test]
    async fn failed_configure_leaves_no_client() {
        check(configured(json!({"prefix": "error"})).await, false, "told to");
        check(configured(json!({"prefix": "panic"})).await, false, "the provider has a bug");
    }
}
