//! Actions. What they answer is a stream, and it ends with `completed` whatever happens.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Status;

use super::{Service, defer, not_offered, validated};
use crate::{
    Diagnostics, Provider, Result,
    lifecycle::{
        AnyComponent, Component, Kind,
        action::{AnyAction, invoke, plan},
    },
    protocol::{
        decode, encode,
        generated::tfplugin6::{
            self as wire,
            invoke_action::{Event, event},
        },
    },
};

impl<P: Provider> Service<P> {
    fn action(&self, name: &str) -> Result<&Arc<dyn AnyAction<P::Client>>> {
        match self.component(Kind::Action, name) {
            Some(AnyComponent::Action(found)) => Ok(found),
            _ => Err(not_offered(Kind::Action, name)),
        }
    }

    pub(super) fn validate_action(
        &self,
        request: &wire::validate_action_config::Request,
    ) -> wire::validate_action_config::Response {
        let found = self.action(&request.type_name).map(|one| &**one as &dyn Component);
        wire::validate_action_config::Response {
            diagnostics: validated(found, request.config.as_ref()),
        }
    }

    pub(super) fn plan_of_action(
        &self,
        request: &wire::plan_action::Request,
    ) -> wire::plan_action::Response {
        let planned = self.action(&request.action_type).and_then(|action| {
            let config = decode::value(request.config.as_ref(), &action.declaration().ty)?;
            let env = self.env();
            let client = env.as_ref().map(|env| &*env.client);
            Ok(plan(&**action, &config, client))
        });
        let found = planned.unwrap_or_else(|errors| errors);
        let (deferred, found) = defer(request.client_capabilities, found);
        wire::plan_action::Response { diagnostics: encode::diagnostics(found), deferred }
    }

    pub(super) fn invoke(
        &self,
        request: &wire::invoke_action::Request,
    ) -> UnboundedReceiverStream<Result<Event, Status>> {
        let (events, stream) = unbounded_channel();
        let asked = self.action(&request.action_type).and_then(|action| {
            let config = decode::value(request.config.as_ref(), &action.declaration().ty)?;
            Ok((Arc::clone(action), config, self.configured()?))
        });
        match asked {
            Err(errors) => drop(events.send(Ok(completed(errors)))),
            Ok((action, config, env)) => drop(tokio::spawn(async move {
                let (progress, mut messages) = unbounded_channel();
                let (found, ()) = tokio::join!(invoke(&*action, config, &env, progress), async {
                    while let Some(message) = messages.recv().await {
                        // Should core be gone, the action still runs to its end.
                        drop(events.send(Ok(progressed(message))));
                    }
                });
                drop(events.send(Ok(completed(found))));
            })),
        }
        UnboundedReceiverStream::new(stream)
    }
}

fn progressed(message: String) -> Event {
    Event { r#type: Some(event::Type::Progress(event::Progress { message })) }
}

fn completed(found: Diagnostics) -> Event {
    let diagnostics = encode::diagnostics(found);
    Event { r#type: Some(event::Type::Completed(event::Completed { diagnostics })) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio_stream::StreamExt as _;
    use tonic::Request;
    use wire::provider_server::Provider as _;

    use super::{
        super::tests::{Core, summaries},
        *,
    };
    use crate::{
        Json, Model,
        testkit::{action::Ring, full, value},
    };

    const RING: &str = "sample_ring";

    #[expect(clippy::unnecessary_wraps, reason = "requests carry it as an option")]
    fn config(json: Json) -> Option<wire::DynamicValue> {
        let object = Ring::object();
        Some(encode::value(&full(&object, &value(json)), &object.ty()))
    }

    impl Core {
        /// What was sent, and what was found in the end.
        async fn invoke(
            &self,
            name: &str,
            config: Option<wire::DynamicValue>,
        ) -> (Vec<String>, Vec<String>) {
            let request = wire::invoke_action::Request {
                action_type: name.to_owned(),
                config,
                ..Default::default()
            };
            let answer = self.0.invoke_action(Request::new(request)).await.unwrap();
            let events: Vec<_> = answer.into_inner().collect().await;
            let (mut sent, mut found) = (Vec::new(), None);
            for event in events {
                assert_eq!(found, None, "nothing comes after the end");
                match event.unwrap().r#type.unwrap() {
                    event::Type::Progress(progress) => sent.push(progress.message),
                    event::Type::Completed(completed) => found = Some(completed.diagnostics),
                }
            }
            let found = found.unwrap();
            (sent, summaries(&found).into_iter().map(str::to_owned).collect())
        }
    }

    #[tokio::test]
    async fn progress_comes_first_and_the_end_last() {
        let core = Core::configured().await;
        let (sent, found) = core.invoke(RING, config(json!({"bell": "door"}))).await;
        assert_eq!(sent, ["door rings 1 of 2", "door rings 2 of 2"]);
        assert_eq!(found, ["It rang"]);
    }

    #[tokio::test]
    async fn what_cannot_be_invoked_is_completed_with_a_diagnostic() {
        let core = Core::configured().await;
        let door = config(json!({"bell": "door"}));
        let broken = Some(wire::DynamicValue { msgpack: b"\xc1".to_vec(), json: vec![] });
        for (core, name, config, says) in [
            (&core, "sample_nothing", &door, "The provider has no action `sample_nothing`"),
            (&core, RING, &broken, "Invalid value"),
            (&Core::new(), RING, &door, "The provider is not configured"),
        ] {
            let (sent, found) = core.invoke(name, config.clone()).await;
            assert_eq!((sent.len(), found.concat().as_str()), (0, says));
        }
    }

    #[tokio::test]
    async fn action_is_validated_and_planned() {
        let core = Core::configured().await;
        let request = wire::validate_action_config::Request {
            type_name: RING.to_owned(),
            config: config(json!({"bell": "door", "times": 0})),
        };
        let answer = core.0.validate_action_config(Request::new(request)).await.unwrap();
        assert_eq!(summaries(&answer.get_ref().diagnostics), ["Invalid value of `times`"]);

        let request = wire::plan_action::Request {
            action_type: RING.to_owned(),
            config: config(json!({"bell": "stolen"})),
            ..Default::default()
        };
        let answer = core.0.plan_action(Request::new(request)).await.unwrap();
        assert_eq!(summaries(&answer.get_ref().diagnostics), ["There is no such bell"]);
    }

    #[tokio::test]
    async fn action_schema_has_no_computed_attributes() {
        let request = Request::new(wire::get_provider_schema::Request {});
        let schema = Core::new().0.get_provider_schema(request).await.unwrap().into_inner();
        let block = schema.action_schemas[RING].schema.clone().unwrap().block.unwrap();
        assert!(block.attributes.iter().all(|attribute| !attribute.computed));
        assert!(block.attributes.iter().any(|attribute| attribute.optional));
    }
}
