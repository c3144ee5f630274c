//! The provider service: decodes a request, lets [`lifecycle`](crate::lifecycle) answer, encodes the answer.
//!
//! It answers with diagnostics, never with a status: to a status Terraform reacts by forgetting the object.

mod action;
mod components;
mod data_source;
mod ephemeral;
mod function;
mod list;
mod resource;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{decode, encode, generated::tfplugin6 as wire};
use crate::{
    Diagnostic, Diagnostics, Provider, Result,
    lifecycle::{
        AnyComponent, Component, Kind, OperationEnv, Typed, configure::configure,
        validate::validate,
    },
    provider::provider_block,
    stop::Stop,
};

/// One provider process. Each method in the files below answers one RPC.
pub(crate) struct Service<P: Provider> {
    provider: Typed<P::Config>,
    /// By the name that configurations use.
    components: BTreeMap<(Kind, String), AnyComponent<P::Client>>,
    configured: RwLock<Option<Arc<OperationEnv<P::Client>>>>,
    stop: Stop,
}

impl<P: Provider> Service<P> {
    /// A service that is not configured yet. `stop` reaches every operation that runs.
    pub(crate) fn new(stop: Stop) -> Self {
        let components = P::components().0.into_iter().map(|component| {
            let kind = component.kind();
            ((kind, kind.full_name(P::NAME, component.declaration().name)), component)
        });
        Self {
            provider: provider_block::<P>(),
            components: components.collect(),
            configured: RwLock::default(),
            stop,
        }
    }

    fn component(&self, kind: Kind, name: &str) -> Option<&AnyComponent<P::Client>> {
        self.components.get(&(kind, name.to_owned()))
    }

    fn validate_provider(
        &self,
        request: &wire::validate_provider_config::Request,
    ) -> wire::validate_provider_config::Response {
        let diagnostics = validated(Ok(&self.provider), request.config.as_ref());
        wire::validate_provider_config::Response { diagnostics }
    }

    async fn configure(
        &self,
        request: wire::configure_provider::Request,
    ) -> wire::configure_provider::Response {
        let version = request.terraform_version.as_str().into();
        let make = |config, cx| async move { P::configure(config, &cx).await };
        let ty = &self.provider.declaration().ty;
        let (client, found) = match decode::value(request.config.as_ref(), ty) {
            Ok(config) => {
                configure::<P::Config, _, _>(P::NAME, &config, request.terraform_version, make)
                    .await
            }
            Err(errors) => (None, errors),
        };
        if let Some(client) = client.map(Arc::new) {
            let env = OperationEnv { client, stop: self.stop.clone(), terraform_version: version };
            *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(env));
        }
        wire::configure_provider::Response { diagnostics: encode::diagnostics(found) }
    }

    fn stop_operations(&self) -> wire::stop_provider::Response {
        self.stop.give();
        wire::stop_provider::Response::default()
    }

    /// What operations run in, once the provider is configured.
    fn env(&self) -> Option<Arc<OperationEnv<P::Client>>> {
        self.configured.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn configured(&self) -> Result<Arc<OperationEnv<P::Client>>> {
        self.env().ok_or_else(|| {
            Diagnostic::error("the provider is not configured")
                .detail("Terraform asked for an operation before it configured the provider.")
                .into()
        })
    }
}

/// Implements the service: each row is an RPC, its request and what answers it.
macro_rules! rpcs {
    ($this:ident, $($rpc:ident($request:pat) $(-> $stream:ident)? { $answer:expr })*) => {
        #[tonic::async_trait]
        impl<P: Provider> wire::provider_server::Provider for Service<P> {
            $(
                async fn $rpc(
                    &$this,
                    request: Request<wire::$rpc::Request>,
                ) -> std::result::Result<Response<rpcs!(@answer $rpc $($stream)?)>, Status> {
                    let $request = request.into_inner();
                    Ok(Response::new($answer))
                }
            )*
        }
    };
    (@answer $rpc:ident) => { wire::$rpc::Response };
    (@answer $rpc:ident $stream:ident) => { $stream<wire::$rpc::Event> };
}

rpcs! { self,
    get_metadata(_) { self.metadata() }
    get_provider_schema(_) { self.schemas() }
    validate_provider_config(request) { self.validate_provider(&request) }
    validate_resource_config(request) { self.validate_resource(&request) }
    validate_data_resource_config(request) { self.validate_data_source(&request) }
    configure_provider(request) { self.configure(request).await }
    upgrade_resource_state(request) { self.upgrade_state(&request) }
    get_resource_identity_schemas(_) { self.identity_schemas() }
    upgrade_resource_identity(request) { self.upgrade_identity(&request) }
    read_resource(request) { self.read(request).await }
    plan_resource_change(request) { self.plan(request) }
    apply_resource_change(request) { self.apply(request).await }
    import_resource_state(request) { self.import(request).await }
    move_resource_state(request) { self.adopt(request) }
    read_data_source(request) { self.read_data_source(request).await }
    validate_ephemeral_resource_config(request) { self.validate_ephemeral(&request) }
    open_ephemeral_resource(request) { self.open(request).await }
    renew_ephemeral_resource(request) { self.renew(request).await }
    close_ephemeral_resource(request) { self.close(request).await }
    validate_list_resource_config(request) { self.validate_list(&request) }
    list_resource(request) -> BoxStream { Box::pin(self.list(&request)) }
    generate_resource_config(request) { self.generate(&request) }
    validate_action_config(request) { self.validate_action(&request) }
    plan_action(request) { self.plan_of_action(&request) }
    invoke_action(request) -> BoxStream { Box::pin(self.invoke(&request)) }
    get_functions(_) { self.functions() }
    call_function(request) { self.call(&request) }
    stop_provider(_) { self.stop_operations() }
}

fn not_offered(kind: Kind, name: &str) -> Diagnostics {
    Diagnostic::error(format!("the provider has no {} `{name}`", kind.noun()))
        .remedy("check the version of the provider against the configuration.")
        .into()
}

/// What validation of a configuration finds.
fn validated(
    component: Result<&dyn Component>,
    config: Option<&wire::DynamicValue>,
) -> Vec<wire::Diagnostic> {
    let found = component.and_then(|component| {
        let config = decode::value(config, &component.declaration().ty)?;
        Ok(validate(component, &config))
    });
    encode::diagnostics(found.unwrap_or_else(|errors| errors))
}

/// Diagnostics that ask Terraform to come back later become a deferral, where the client allows one.
fn defer(
    client: Option<wire::ClientCapabilities>,
    found: Diagnostics,
) -> (Option<wire::Deferred>, Diagnostics) {
    match found.until() {
        Some(until) if client.is_some_and(|client| client.deferral_allowed) => {
            (Some(encode::deferred(until)), found.without_early())
        }
        _ => (None, found),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wire::provider_server::Provider as _;

    use super::*;
    use crate::{
        Json,
        testkit::{Sample, lean, thing, value},
        value::Type,
    };

    pub(super) const THING: &str = "sample_thing";

    /// Plays core, in process.
    pub(super) struct Core(pub(super) Service<Sample>);

    impl Core {
        pub(super) fn new() -> Self {
            Self(Service::new(Stop::default()))
        }

        pub(super) async fn configured() -> Self {
            let core = Self::new();
            let config =
                encode::value(&value(json!({"prefix": null})), &core.0.provider.declaration().ty);
            let request = wire::configure_provider::Request {
                terraform_version: "1.11.4".to_owned(),
                config: Some(config),
                ..Default::default()
            };
            let answer = core.0.configure_provider(Request::new(request)).await.unwrap();
            assert_eq!(answer.into_inner().diagnostics, vec![]);
            core
        }

        fn ty(&self) -> &Type {
            &self.0.resource(THING).unwrap().declaration().ty
        }

        #[expect(clippy::unnecessary_wraps, reason = "messages hold it like that")]
        pub(super) fn wire(&self, json: Json) -> Option<wire::DynamicValue> {
            Some(encode::value(&thing(json), self.ty()))
        }

        pub(super) fn lean(&self, value: Option<&wire::DynamicValue>) -> Json {
            lean(&decode::value(value, self.ty()).unwrap())
        }

        pub(super) async fn plan(
            &self,
            prior: Option<wire::DynamicValue>,
            config: Json,
        ) -> wire::plan_resource_change::Response {
            let request = wire::plan_resource_change::Request {
                type_name: THING.to_owned(),
                prior_state: prior,
                config: self.wire(config),
                prior_private: b"{}".to_vec(),
                ..Default::default()
            };
            self.0.plan_resource_change(Request::new(request)).await.unwrap().into_inner()
        }

        pub(super) async fn apply(
            &self,
            prior: Option<wire::DynamicValue>,
            config: Json,
        ) -> wire::apply_resource_change::Response {
            let planned = self.plan(prior.clone(), config.clone()).await;
            let request = wire::apply_resource_change::Request {
                type_name: THING.to_owned(),
                prior_state: prior,
                planned_state: planned.planned_state,
                config: self.wire(config),
                planned_private: planned.planned_private,
                ..Default::default()
            };
            self.0.apply_resource_change(Request::new(request)).await.unwrap().into_inner()
        }

        pub(super) fn identity(&self, data: Option<&wire::ResourceIdentityData>) -> Json {
            let ty = &self.0.resource(THING).unwrap().declaration().identity.as_ref().unwrap().ty;
            lean(&decode::value(data.and_then(|data| data.identity_data.as_ref()), ty).unwrap())
        }

        pub(super) async fn read(
            &self,
            state: Option<wire::DynamicValue>,
        ) -> wire::read_resource::Response {
            let request = wire::read_resource::Request {
                type_name: THING.to_owned(),
                current_state: state,
                private: b"private".to_vec(),
                ..Default::default()
            };
            self.0.read_resource(Request::new(request)).await.unwrap().into_inner()
        }
    }

    pub(super) fn summaries(diagnostics: &[wire::Diagnostic]) -> Vec<&str> {
        diagnostics.iter().map(|d| d.summary.as_str()).collect()
    }

    #[tokio::test]
    async fn a_data_source_is_read() {
        let core = Core::configured().await;
        core.apply(core.wire(json!(null)), json!({"name": "Web"})).await;
        let ty = &core.0.component(Kind::DataSource, THING).unwrap().declaration().ty;
        let config = value(json!({"name": "Web", "peer": null, "id": null}));
        let request = wire::read_data_source::Request {
            type_name: THING.to_owned(),
            config: Some(encode::value(&config, ty)),
            ..Default::default()
        };
        let answer = core.0.read_data_source(request).await;
        let state = decode::value(answer.state.as_ref(), ty).unwrap();
        assert_eq!(lean(&state), json!({"name": "Web", "id": "thing-1"}));
    }

    #[tokio::test]
    async fn deferral_is_sent_only_where_core_allows_it() {
        let core = Core::configured().await;
        for (deferral_allowed, deferred, says) in
            [(true, Some(3), &[][..]), (false, None, &["The zone is not there yet"])]
        {
            let client_capabilities =
                Some(wire::ClientCapabilities { deferral_allowed, ..Default::default() });
            let request = wire::plan_resource_change::Request {
                type_name: THING.to_owned(),
                config: core.wire(json!({"name": "a", "zone": "early"})),
                client_capabilities,
                ..Default::default()
            };
            let plan = core.0.plan_resource_change(Request::new(request)).await.unwrap();
            let plan = plan.into_inner();
            assert_eq!(plan.deferred.map(|deferred| deferred.reason), deferred);
            assert_eq!(summaries(&plan.diagnostics), says);
            assert_eq!(core.lean(plan.planned_state.as_ref())["zone"], "early");

            let ty = &core.0.component(Kind::DataSource, THING).unwrap().declaration().ty;
            let config = value(json!({"name": "early", "peer": null, "id": null}));
            let request = wire::read_data_source::Request {
                type_name: THING.to_owned(),
                config: Some(encode::value(&config, ty)),
                client_capabilities,
                ..Default::default()
            };
            let read = core.0.read_data_source(request).await;
            assert_eq!(read.deferred.map(|deferred| deferred.reason), deferred);
            let state = decode::value(read.state.as_ref(), ty).unwrap();
            assert_eq!(lean(&state), json!({"name": "early", "id": "?"}));
        }
    }

    #[tokio::test]
    async fn unserved_rpc_is_unimplemented() {
        let core = Core::new();
        let request = Request::new(wire::validate_state_store::Request::default());
        let status = core.0.validate_state_store_config(request).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented);
    }
}
