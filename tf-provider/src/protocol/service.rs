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

type Answer<T> = std::result::Result<Response<T>, Status>;

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

#[tonic::async_trait]
impl<P: Provider> wire::provider_server::Provider for Service<P> {
    async fn get_metadata(
        &self,
        _: Request<wire::get_metadata::Request>,
    ) -> Answer<wire::get_metadata::Response> {
        Ok(Response::new(self.metadata()))
    }

    async fn get_provider_schema(
        &self,
        _: Request<wire::get_provider_schema::Request>,
    ) -> Answer<wire::get_provider_schema::Response> {
        Ok(Response::new(self.schemas()))
    }

    async fn validate_provider_config(
        &self,
        request: Request<wire::validate_provider_config::Request>,
    ) -> Answer<wire::validate_provider_config::Response> {
        Ok(Response::new(self.validate_provider(&request.into_inner())))
    }

    async fn validate_resource_config(
        &self,
        request: Request<wire::validate_resource_config::Request>,
    ) -> Answer<wire::validate_resource_config::Response> {
        Ok(Response::new(self.validate_resource(&request.into_inner())))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<wire::validate_data_resource_config::Request>,
    ) -> Answer<wire::validate_data_resource_config::Response> {
        Ok(Response::new(self.validate_data_source(&request.into_inner())))
    }

    async fn configure_provider(
        &self,
        request: Request<wire::configure_provider::Request>,
    ) -> Answer<wire::configure_provider::Response> {
        Ok(Response::new(self.configure(request.into_inner()).await))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> Answer<wire::upgrade_resource_state::Response> {
        Ok(Response::new(self.upgrade_state(&request.into_inner())))
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        Ok(Response::new(self.identity_schemas()))
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        Ok(Response::new(self.upgrade_identity(&request.into_inner())))
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        Ok(Response::new(self.read(request.into_inner()).await))
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        Ok(Response::new(self.plan(request.into_inner())))
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        Ok(Response::new(self.apply(request.into_inner()).await))
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        Ok(Response::new(self.import(request.into_inner()).await))
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> Answer<wire::move_resource_state::Response> {
        Ok(Response::new(self.adopt(request.into_inner())))
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        Ok(Response::new(self.look_up(request.into_inner()).await))
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> Answer<wire::validate_ephemeral_resource_config::Response> {
        Ok(Response::new(self.validate_ephemeral(&request.into_inner())))
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> Answer<wire::open_ephemeral_resource::Response> {
        Ok(Response::new(self.open(request.into_inner()).await))
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> Answer<wire::renew_ephemeral_resource::Response> {
        Ok(Response::new(self.renew(request.into_inner()).await))
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> Answer<wire::close_ephemeral_resource::Response> {
        Ok(Response::new(self.close(request.into_inner()).await))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<wire::validate_list_resource_config::Request>,
    ) -> Answer<wire::validate_list_resource_config::Response> {
        Ok(Response::new(self.validate_list(&request.into_inner())))
    }

    async fn list_resource(
        &self,
        request: Request<wire::list_resource::Request>,
    ) -> Answer<BoxStream<wire::list_resource::Event>> {
        Ok(Response::new(Box::pin(self.list(&request.into_inner()))))
    }

    async fn generate_resource_config(
        &self,
        request: Request<wire::generate_resource_config::Request>,
    ) -> Answer<wire::generate_resource_config::Response> {
        Ok(Response::new(self.generate(&request.into_inner())))
    }

    async fn validate_action_config(
        &self,
        request: Request<wire::validate_action_config::Request>,
    ) -> Answer<wire::validate_action_config::Response> {
        Ok(Response::new(self.validate_action(&request.into_inner())))
    }

    async fn plan_action(
        &self,
        request: Request<wire::plan_action::Request>,
    ) -> Answer<wire::plan_action::Response> {
        Ok(Response::new(self.plan_of_action(&request.into_inner())))
    }

    async fn invoke_action(
        &self,
        request: Request<wire::invoke_action::Request>,
    ) -> Answer<BoxStream<wire::invoke_action::Event>> {
        Ok(Response::new(Box::pin(self.invoke(&request.into_inner()))))
    }

    async fn get_functions(
        &self,
        _: Request<wire::get_functions::Request>,
    ) -> Answer<wire::get_functions::Response> {
        Ok(Response::new(self.functions()))
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> Answer<wire::call_function::Response> {
        Ok(Response::new(self.call(&request.into_inner())))
    }

    async fn stop_provider(
        &self,
        _: Request<wire::stop_provider::Request>,
    ) -> Answer<wire::stop_provider::Response> {
        self.stop.give();
        Ok(Response::new(wire::stop_provider::Response::default()))
    }
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
        let answer = core.0.read_data_source(Request::new(request)).await.unwrap().into_inner();
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
            let read = core.0.read_data_source(Request::new(request)).await.unwrap().into_inner();
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
