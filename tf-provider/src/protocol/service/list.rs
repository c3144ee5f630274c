//! Lists. What they answer is a stream of objects, and at its end what is to be said of them all.

use std::sync::Arc;

use tokio::sync::mpsc::channel;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{Service, not_offered, validated};
use crate::{
    Diagnostics, Provider, Result,
    lifecycle::{
        AnyComponent, Component, Declaration, Kind,
        list::{AnyList, complete, list},
        resource::AnyResource,
    },
    list::{Item, Sink},
    protocol::{
        decode, encode,
        generated::tfplugin6::{self as wire, list_resource::Event},
    },
};

type Pair<C> = (Arc<dyn AnyList<C>>, Arc<dyn AnyResource<C>>);

impl<P: Provider> Service<P> {
    /// A list, and the resource that it lists.
    fn listing(&self, name: &str) -> Result<Pair<P::Client>> {
        match self.component(Kind::ListResource, name) {
            Some(AnyComponent::ListResource(list)) => {
                Ok((Arc::clone(list), Arc::clone(self.resource(name)?)))
            }
            _ => Err(not_offered(Kind::ListResource, name)),
        }
    }

    pub(super) fn validate_list(
        &self,
        request: &wire::validate_list_resource_config::Request,
    ) -> wire::validate_list_resource_config::Response {
        let found = self.listing(&request.type_name);
        let list = found.as_ref().map(|(list, _)| &**list as &dyn Component);
        let diagnostics = validated(list.map_err(Clone::clone), request.config.as_ref());
        wire::validate_list_resource_config::Response { diagnostics }
    }

    pub(super) fn list(
        &self,
        request: &wire::list_resource::Request,
    ) -> ReceiverStream<Result<Event, Status>> {
        // One waits on the wire while the next is made.
        let (events, stream) = channel(1);
        let asked = self.listing(&request.type_name).and_then(|(list, resource)| {
            let config = decode::value(request.config.as_ref(), &list.declaration().ty)?;
            Ok((list, resource, config, self.configured()?))
        });
        let limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0);
        let with_objects = request.include_resource_object;
        tokio::spawn(async move {
            let (asked, resource, config, env) = match asked {
                Ok(asked) => asked,
                Err(errors) => return drop(events.send(Ok(said(errors))).await),
            };
            let (items, received) = channel(1);
            let sink = Sink::new(items, limit, with_objects);
            let forward = async {
                // Moved in here, to be closed as soon as core is gone.
                let mut received = received;
                while let Some(item) = received.recv().await {
                    let item = complete(&*resource, item, with_objects, &env).await;
                    if events.send(Ok(event(item, resource.declaration()))).await.is_err() {
                        break;
                    }
                }
            };
            let (found, ()) = tokio::join!(list(&*asked, config, sink, &env), forward);
            if !found.is_empty() {
                drop(events.send(Ok(said(found))).await);
            }
        });
        ReceiverStream::new(stream)
    }
}

fn event(item: Item, resource: &Declaration) -> Event {
    Event {
        identity: encode::identity(item.identity.as_ref(), resource),
        display_name: item.name,
        resource_object: item.object.map(|object| encode::value(&object, &resource.ty)),
        diagnostic: encode::diagnostics(item.diagnostics),
    }
}

/// What belongs to no single object.
fn said(found: Diagnostics) -> Event {
    Event { diagnostic: encode::diagnostics(found), ..Event::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio_stream::StreamExt as _;
    use tonic::Request;
    use wire::provider_server::Provider as _;

    use super::{
        super::tests::{Core, THING, summaries},
        *,
    };
    use crate::{
        Json, Model,
        testkit::{full, list::Things, value},
    };

    impl Core {
        async fn list(&self, name: &str, config: Json, limit: i64, objects: bool) -> Vec<Event> {
            let object = Things::object();
            let request = wire::list_resource::Request {
                type_name: name.to_owned(),
                config: Some(encode::value(&full(&object, &value(config)), &object.ty())),
                include_resource_object: objects,
                limit,
            };
            let answer = self.0.list_resource(Request::new(request)).await.unwrap();
            answer.into_inner().map(Result::unwrap).collect().await
        }

        async fn with_things() -> Self {
            let core = Self::configured().await;
            for name in ["a", "b", "c"] {
                core.apply(core.wire(json!(null)), json!({"name": name})).await;
            }
            core
        }
    }

    #[tokio::test]
    async fn objects_come_one_by_one_and_messages_at_the_end() {
        let core = Core::with_things().await;
        let events = core.list(THING, json!({}), 0, false).await;
        let names: Vec<_> = events.iter().map(|event| event.display_name.as_str()).collect();
        assert_eq!(names, ["thing-1", "thing-2", "thing-3", ""]);
        assert!(events[..3].iter().all(|e| e.identity.is_some() && e.resource_object.is_none()));
        assert_eq!(summaries(&events[3].diagnostic), ["That is all"]);
        assert_eq!(events[3].identity, None);
    }

    #[tokio::test]
    async fn limit_and_include_object_are_respected() {
        let core = Core::with_things().await;
        let events = core.list(THING, json!({"as": "endless"}), 2, true).await;
        assert_eq!(events.len(), 2);
        let object = core.lean(events[1].resource_object.as_ref());
        assert_eq!(object["name"], "b");
        let object = events[1].identity.clone().unwrap().identity_data;
        assert!(object.is_some());
    }

    #[tokio::test]
    async fn what_cannot_be_listed_is_a_diagnostic() {
        let core = Core::configured().await;
        let nothing = "sample_nothing";
        for (core, name, says) in [
            (&core, nothing, "The provider has no list resource `sample_nothing`"),
            (&Core::new(), THING, "The provider is not configured"),
        ] {
            let events = core.list(name, json!({}), 0, false).await;
            let said: Vec<_> = events.iter().flat_map(|event| &event.diagnostic).collect();
            assert_eq!((said.len(), said[0].summary.as_str()), (1, says));
        }
    }

    #[tokio::test]
    async fn the_schema_has_only_what_is_configured() {
        let request = Request::new(wire::get_provider_schema::Request {});
        let schema = Core::new().0.get_provider_schema(request).await.unwrap().into_inner();
        let block = schema.list_resource_schemas[THING].block.clone().unwrap();
        assert!(block.attributes.iter().all(|attribute| !attribute.computed));

        let config = full(&Things::object(), &value(json!({"as": "x"})));
        let request = wire::validate_list_resource_config::Request {
            type_name: THING.to_owned(),
            config: Some(encode::value(&config, &Things::object().ty())),
            ..Default::default()
        };
        let answer = Core::new().0.validate_list_resource_config(Request::new(request)).await;
        assert_eq!(answer.unwrap().into_inner().diagnostics, vec![]);
    }
}
