//! The provider service: decodes a request, lets [`lifecycle`](crate::lifecycle) answer, encodes the answer.
//!
//! It answers with diagnostics, never with a status: to a status Terraform reacts by forgetting the object.

mod action;
mod components;
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
    Diagnostic, Diagnostics, Model, Provider, Result, Value,
    lifecycle::{
        AnyDataSource, AnyResource, Declaration, OperationEnv, action::AnyAction,
        configure::configure, data_source::look_up, ephemeral::AnyEphemeral, function::Callable,
        list::AnyList, validate::validate,
    },
    provider::declared,
    stop::Stop,
};

/// One provider process.
pub(crate) struct Service<P: Provider> {
    provider: Declaration,
    resources: BTreeMap<String, Arc<dyn AnyResource<P::Client>>>,
    data_sources: BTreeMap<String, Arc<dyn AnyDataSource<P::Client>>>,
    ephemerals: BTreeMap<String, Arc<dyn AnyEphemeral<P::Client>>>,
    lists: BTreeMap<String, Arc<dyn AnyList<P::Client>>>,
    actions: BTreeMap<String, Arc<dyn AnyAction<P::Client>>>,
    functions: BTreeMap<String, Callable>,
    configured: RwLock<Option<Arc<OperationEnv<P::Client>>>>,
    stop: Stop,
}

type Answer<T> = std::result::Result<Response<T>, Status>;

impl<P: Provider> Service<P> {
    /// A service that is not configured yet. `stop` reaches every operation that runs.
    pub(crate) fn new(stop: Stop) -> Self {
        let components = P::components();
        let (resources, data_sources) =
            (components.resources.into_iter(), components.data_sources.into_iter());
        let (ephemerals, actions) =
            (components.ephemerals.into_iter(), components.actions.into_iter());
        let full = |declared: &Declaration| format!("{}_{}", P::NAME, declared.name);
        Self {
            provider: declared::<P>(),
            resources: resources.map(|r| (full(r.declaration()), r)).collect(),
            data_sources: data_sources.map(|d| (full(d.declaration()), d)).collect(),
            ephemerals: ephemerals.map(|e| (full(e.declaration()), e)).collect(),
            lists: components.lists.into_iter().map(|l| (full(l.declaration()), l)).collect(),
            actions: actions.map(|a| (full(a.declaration()), a)).collect(),
            functions: components.functions.into_iter().map(|f| (f.name.to_owned(), f)).collect(),
            configured: RwLock::default(),
            stop,
        }
    }

    async fn configure(&self, config: Value, terraform_version: String) -> Diagnostics {
        let version = terraform_version.as_str().into();
        let make = |config, cx| async move { P::configure(config, &cx).await };
        let (client, diagnostics) =
            configure::<P::Config, _, _>(P::NAME, &config, terraform_version, make).await;
        if let Some(client) = client.map(Arc::new) {
            let env = OperationEnv { client, stop: self.stop.clone(), terraform_version: version };
            *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(env));
        }
        diagnostics
    }

    fn data_source(&self, name: &str) -> Result<&dyn AnyDataSource<P::Client>> {
        let found = self.data_sources.get(name).map(AsRef::as_ref);
        found.ok_or_else(|| not_offered("data source", name))
    }

    fn surroundings(&self) -> Option<Arc<OperationEnv<P::Client>>> {
        self.configured.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn configured(&self) -> Result<Arc<OperationEnv<P::Client>>> {
        self.surroundings().ok_or_else(|| {
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
        let config = request.into_inner().config;
        let found = decode::value(config.as_ref(), &self.provider.ty).map(|config| {
            validate(&self.provider, &config, |config| {
                P::Config::partial(config).map_or_else(|errors| errors, |config| P::check(&config))
            })
        });
        let diagnostics = encode::diagnostics(either(found));
        Ok(Response::new(wire::validate_provider_config::Response { diagnostics }))
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
        let request = request.into_inner();
        let found = self.data_source(&request.type_name).and_then(|data_source| {
            let declared = data_source.declaration();
            let config = decode::value(request.config.as_ref(), &declared.ty)?;
            Ok(validate(declared, &config, |config| data_source.check(config)))
        });
        let diagnostics = encode::diagnostics(either(found));
        Ok(Response::new(wire::validate_data_resource_config::Response { diagnostics }))
    }

    async fn configure_provider(
        &self,
        request: Request<wire::configure_provider::Request>,
    ) -> Answer<wire::configure_provider::Response> {
        let request = request.into_inner();
        let found = match decode::value(request.config.as_ref(), &self.provider.ty) {
            Ok(config) => self.configure(config, request.terraform_version).await,
            Err(errors) => errors,
        };
        let diagnostics = encode::diagnostics(found);
        Ok(Response::new(wire::configure_provider::Response { diagnostics }))
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
        let request = request.into_inner();
        let answer = async {
            let data_source = self.data_source(&request.type_name)?;
            let ty = &data_source.declaration().ty;
            let config = decode::value(request.config.as_ref(), ty)?;
            let looked = look_up(data_source, config, &*self.configured()?).await;
            Ok((Some(encode::value(&looked.state, ty)), looked.diagnostics))
        };
        let (state, diagnostics) = answer.await.unwrap_or_else(|errors| (None, errors));
        let (deferred, diagnostics) = defer(request.client_capabilities, diagnostics);
        Ok(Response::new(wire::read_data_source::Response {
            state,
            diagnostics: encode::diagnostics(diagnostics),
            deferred,
        }))
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> Answer<wire::validate_ephemeral_resource_config::Response> {
        let diagnostics = encode::diagnostics(either(self.validate_ephemeral(request.get_ref())));
        Ok(Response::new(wire::validate_ephemeral_resource_config::Response { diagnostics }))
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> Answer<wire::open_ephemeral_resource::Response> {
        let answer = self.open(request.get_ref()).await;
        Ok(Response::new(answer.unwrap_or_else(|errors| wire::open_ephemeral_resource::Response {
            diagnostics: encode::diagnostics(errors),
            ..Default::default()
        })))
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> Answer<wire::renew_ephemeral_resource::Response> {
        let answer = self.renew(request.get_ref()).await;
        Ok(Response::new(answer.unwrap_or_else(|errors| {
            wire::renew_ephemeral_resource::Response {
                diagnostics: encode::diagnostics(errors),
                private: request.into_inner().private,
                ..Default::default()
            }
        })))
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> Answer<wire::close_ephemeral_resource::Response> {
        let diagnostics = encode::diagnostics(either(self.close(request.into_inner()).await));
        Ok(Response::new(wire::close_ephemeral_resource::Response { diagnostics }))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<wire::validate_list_resource_config::Request>,
    ) -> Answer<wire::validate_list_resource_config::Response> {
        let diagnostics = encode::diagnostics(either(self.validate_list(request.get_ref())));
        Ok(Response::new(wire::validate_list_resource_config::Response { diagnostics }))
    }

    async fn list_resource(
        &self,
        request: Request<wire::list_resource::Request>,
    ) -> Answer<BoxStream<wire::list_resource::Event>> {
        Ok(Response::new(Box::pin(self.list(request.get_ref()))))
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
        let diagnostics = encode::diagnostics(either(self.validate_action(request.get_ref())));
        Ok(Response::new(wire::validate_action_config::Response { diagnostics }))
    }

    async fn plan_action(
        &self,
        request: Request<wire::plan_action::Request>,
    ) -> Answer<wire::plan_action::Response> {
        let found = either(self.plan_an_action(request.get_ref()));
        let (deferred, found) = defer(request.get_ref().client_capabilities, found);
        let diagnostics = encode::diagnostics(found);
        Ok(Response::new(wire::plan_action::Response { diagnostics, deferred }))
    }

    async fn invoke_action(
        &self,
        request: Request<wire::invoke_action::Request>,
    ) -> Answer<BoxStream<wire::invoke_action::Event>> {
        Ok(Response::new(Box::pin(self.invoke(request.get_ref()))))
    }

    async fn get_functions(
        &self,
        _: Request<wire::get_functions::Request>,
    ) -> Answer<wire::get_functions::Response> {
        let functions = self.functions();
        Ok(Response::new(wire::get_functions::Response { functions, ..Default::default() }))
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

fn not_offered(what: &str, name: &str) -> Diagnostics {
    Diagnostic::error(format!("the provider has no {what} `{name}`"))
        .remedy("check the version of the provider against the configuration.")
        .into()
}

/// What was too early is told as such to a core that can come back to it, and as an error to any other.
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

/// What was found, whether it was found or failed.
fn either(found: Result<Diagnostics>) -> Diagnostics {
    found.unwrap_or_else(|errors| errors)
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
            let config = encode::value(&value(json!({"prefix": null})), &core.0.provider.ty);
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
        let ty = &core.0.data_source(THING).unwrap().declaration().ty;
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
    async fn what_is_too_early_is_deferred_only_where_core_allows_it() {
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

            let ty = &core.0.data_source(THING).unwrap().declaration().ty;
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
    async fn what_is_not_served_is_unimplemented() {
        let core = Core::new();
        let request = Request::new(wire::validate_state_store::Request::default());
        let status = core.0.validate_state_store_config(request).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented);
    }
}
