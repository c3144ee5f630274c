//! The provider service: decodes a request, lets [`lifecycle`](crate::lifecycle) answer, encodes the answer.
//!
//! It answers with diagnostics, never with a status: to a status Terraform reacts by forgetting the object.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{decode, encode, generated::tfplugin6 as wire};
use crate::{
    Diagnostic, Diagnostics, Import, Model, Provider, Result, Value,
    lifecycle::{
        AnyDataSource, AnyResource, Declared, Surroundings,
        action::AnyAction,
        apply,
        configure::configure,
        data_source::look_up,
        ephemeral::AnyEphemeral,
        function::Callable,
        generate::generate,
        identity::identify,
        import::import,
        list::AnyList,
        moved::{Origin, Target},
        plan::{Planned, plan},
        read::read,
        upgrade::upgrade,
        validate::{refuse_write_only, validate},
    },
    serve::Stop,
};

mod action;
mod ephemeral;
mod function;
mod list;

/// One provider process.
pub(crate) struct Service<P: Provider> {
    provider: Declared,
    resources: BTreeMap<String, Arc<dyn AnyResource<P::Client>>>,
    data_sources: BTreeMap<String, Arc<dyn AnyDataSource<P::Client>>>,
    ephemerals: BTreeMap<String, Arc<dyn AnyEphemeral<P::Client>>>,
    lists: BTreeMap<String, Arc<dyn AnyList<P::Client>>>,
    actions: BTreeMap<String, Arc<dyn AnyAction<P::Client>>>,
    functions: BTreeMap<String, Callable>,
    configured: RwLock<Option<Arc<Surroundings<P::Client>>>>,
    stop: Stop,
}

type Answer<T> = std::result::Result<Response<T>, Status>;

impl<P: Provider> Service<P> {
    /// A service that is not configured yet. `stop` reaches every operation that runs.
    pub(crate) fn new(stop: Stop) -> Self {
        let offer = P::offer();
        let (resources, data_sources) =
            (offer.resources.into_iter(), offer.data_sources.into_iter());
        let (ephemerals, actions) = (offer.ephemerals.into_iter(), offer.actions.into_iter());
        let full = |declared: &Declared| format!("{}_{}", P::NAME, declared.name);
        Self {
            provider: Declared::provider::<P>(),
            resources: resources.map(|r| (full(r.declared()), r)).collect(),
            data_sources: data_sources.map(|d| (full(d.declared()), d)).collect(),
            ephemerals: ephemerals.map(|e| (full(e.declared()), e)).collect(),
            lists: offer.lists.into_iter().map(|l| (full(l.declared()), l)).collect(),
            actions: actions.map(|a| (full(a.declared()), a)).collect(),
            functions: offer.functions.into_iter().map(|f| (f.name.to_owned(), f)).collect(),
            configured: RwLock::default(),
            stop,
        }
    }

    async fn configure(&self, config: Value, terraform_version: String) -> Diagnostics {
        let version = terraform_version.as_str().into();
        let (client, diagnostics) = configure::<P>(&config, terraform_version).await;
        if let Some(client) = client.map(Arc::new) {
            let around =
                Surroundings { client, stop: self.stop.clone(), terraform_version: version };
            *self.configured.write().unwrap_or_else(PoisonError::into_inner) =
                Some(Arc::new(around));
        }
        diagnostics
    }

    fn resource(&self, name: &str) -> Result<&dyn AnyResource<P::Client>> {
        let found = self.resources.get(name).map(AsRef::as_ref);
        found.ok_or_else(|| not_offered("resource", name))
    }

    fn data_source(&self, name: &str) -> Result<&dyn AnyDataSource<P::Client>> {
        let found = self.data_sources.get(name).map(AsRef::as_ref);
        found.ok_or_else(|| not_offered("data source", name))
    }

    fn surroundings(&self) -> Option<Arc<Surroundings<P::Client>>> {
        self.configured.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn configured(&self) -> Result<Arc<Surroundings<P::Client>>> {
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
        let resources = self.resources.keys().cloned();
        let data_sources = self.data_sources.keys().cloned();
        Ok(Response::new(wire::get_metadata::Response {
            server_capabilities: Some(capabilities()),
            resources: resources
                .map(|type_name| wire::get_metadata::ResourceMetadata { type_name })
                .collect(),
            data_sources: data_sources
                .map(|type_name| wire::get_metadata::DataSourceMetadata { type_name })
                .collect(),
            ephemeral_resources: self
                .ephemerals
                .keys()
                .map(|name| wire::get_metadata::EphemeralMetadata { type_name: name.clone() })
                .collect(),
            list_resources: self
                .lists
                .keys()
                .map(|name| wire::get_metadata::ListResourceMetadata { type_name: name.clone() })
                .collect(),
            actions: self
                .actions
                .keys()
                .map(|name| wire::get_metadata::ActionMetadata { type_name: name.clone() })
                .collect(),
            functions: self
                .functions
                .keys()
                .map(|name| wire::get_metadata::FunctionMetadata { name: name.clone() })
                .collect(),
            ..Default::default()
        }))
    }

    async fn get_provider_schema(
        &self,
        _: Request<wire::get_provider_schema::Request>,
    ) -> Answer<wire::get_provider_schema::Response> {
        let schema = |declared: &Declared| encode::schema(&declared.object, declared.version);
        let resources = self.resources.iter();
        let data_sources = self.data_sources.iter();
        let (ephemerals, actions) = (self.ephemerals.iter(), self.actions.iter());
        Ok(Response::new(wire::get_provider_schema::Response {
            provider: Some(encode::schema(&self.provider.object, 0)),
            resource_schemas: resources.map(|(n, r)| (n.clone(), schema(r.declared()))).collect(),
            data_source_schemas: data_sources
                .map(|(n, d)| (n.clone(), schema(d.declared())))
                .collect(),
            ephemeral_resource_schemas: ephemerals
                .map(|(n, e)| (n.clone(), schema(e.declared())))
                .collect(),
            list_resource_schemas: self
                .lists
                .iter()
                .map(|(n, l)| (n.clone(), encode::configured_schema(&l.declared().object)))
                .collect(),
            action_schemas: actions
                .map(|(n, a)| {
                    let schema = Some(encode::configured_schema(&a.declared().object));
                    (n.clone(), wire::ActionSchema { schema })
                })
                .collect(),
            functions: self.functions(),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        }))
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
        let request = request.into_inner();
        let capabilities = request.client_capabilities.unwrap_or_default();
        let found = self.resource(&request.type_name).and_then(|resource| {
            let declared = resource.declared();
            let config = decode::value(request.config.as_ref(), &declared.ty)?;
            let mut found = validate(declared, &config, |config| resource.check(config));
            if !capabilities.write_only_attributes_allowed {
                found.extend(refuse_write_only(&declared.object, &config));
            }
            Ok(found)
        });
        let diagnostics = encode::diagnostics(either(found));
        Ok(Response::new(wire::validate_resource_config::Response { diagnostics }))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<wire::validate_data_resource_config::Request>,
    ) -> Answer<wire::validate_data_resource_config::Response> {
        let request = request.into_inner();
        let found = self.data_source(&request.type_name).and_then(|data_source| {
            let declared = data_source.declared();
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
        let request = request.into_inner();
        let upgraded = self.resource(&request.type_name).and_then(|resource| {
            let declared = resource.declared();
            let stored = decode::stored(request.raw_state.as_ref())?;
            let state = upgrade(declared, "state", request.version, stored)?;
            Ok(encode::value(&state, &declared.ty))
        });
        Ok(Response::new(match upgraded {
            Ok(state) => wire::upgrade_resource_state::Response {
                upgraded_state: Some(state),
                ..Default::default()
            },
            Err(errors) => wire::upgrade_resource_state::Response {
                diagnostics: encode::diagnostics(errors),
                ..Default::default()
            },
        }))
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        let identities = self.resources.iter().filter_map(|(name, resource)| {
            let identity = resource.declared().identity.as_ref()?;
            Some((name.clone(), encode::identity_schema(&identity.object, identity.version)))
        });
        Ok(Response::new(wire::get_resource_identity_schemas::Response {
            identity_schemas: identities.collect(),
            ..Default::default()
        }))
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        let request = request.into_inner();
        let upgraded = self.resource(&request.type_name).and_then(|resource| {
            let declared = resource.declared();
            let identity = declared.identity.as_ref().ok_or_else(|| no_identity(declared))?;
            let stored = decode::stored(request.raw_identity.as_ref())?;
            let identity = upgrade(identity, "identity", request.version, stored)?;
            Ok(encode::identity(Some(&identity), declared))
        });
        let (upgraded_identity, diagnostics) = match upgraded {
            Ok(identity) => (identity, Vec::new()),
            Err(errors) => (None, encode::diagnostics(errors)),
        };
        Ok(Response::new(wire::upgrade_resource_identity::Response {
            upgraded_identity,
            diagnostics,
        }))
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        let request = request.into_inner();
        let answer = async {
            let resource = self.resource(&request.type_name)?;
            let ty = &resource.declared().ty;
            let state = decode::value(request.current_state.as_ref(), ty)?;
            let around = self.configured()?;
            let read = read(resource, state, request.private.clone(), &around).await;
            let (deferred, diagnostics) = defer(request.client_capabilities, read.diagnostics);
            Ok(wire::read_resource::Response {
                new_state: Some(encode::value(&read.state, ty)),
                new_identity: encode::identity(read.identity.as_ref(), resource.declared()),
                private: read.private,
                diagnostics: encode::diagnostics(diagnostics),
                deferred,
            })
        };
        Ok(Response::new(answer.await.unwrap_or_else(|errors| wire::read_resource::Response {
            diagnostics: encode::diagnostics(errors),
            new_state: request.current_state.clone(),
            new_identity: request.current_identity.clone(),
            private: request.private.clone(),
            ..Default::default()
        })))
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        let request = request.into_inner();
        let planned = self.resource(&request.type_name).and_then(|resource| {
            let ty = &resource.declared().ty;
            let prior = decode::value(request.prior_state.as_ref(), ty)?;
            let config = decode::value(request.config.as_ref(), ty)?;
            let around = self.surroundings();
            let client = around.as_ref().map(|around| &*around.client);
            let planned = plan(resource, &prior, &config, client);
            let identity = encode::identity(planned.identity.as_ref(), resource.declared());
            Ok((encode::value(&planned.state, ty), identity, planned))
        });
        let (state, planned_identity, planned) = match planned {
            Ok((state, identity, planned)) => (Some(state), identity, planned),
            Err(diagnostics) => {
                (request.prior_state, None, Planned { diagnostics, ..Planned::default() })
            }
        };
        let (deferred, diagnostics) = defer(request.client_capabilities, planned.diagnostics);
        Ok(Response::new(wire::plan_resource_change::Response {
            planned_state: state,
            planned_identity,
            requires_replace: planned.replace.iter().map(encode::path).collect(),
            planned_private: request.prior_private,
            diagnostics: encode::diagnostics(diagnostics),
            deferred,
            ..Default::default()
        }))
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        let request = request.into_inner();
        let answer = async {
            let resource = self.resource(&request.type_name)?;
            let ty = &resource.declared().ty;
            let change = apply::Change {
                prior: decode::value(request.prior_state.as_ref(), ty)?,
                planned: decode::value(request.planned_state.as_ref(), ty)?,
                config: decode::value(request.config.as_ref(), ty)?,
                private: request.planned_private.clone(),
            };
            let around = self.configured()?;
            let applied = apply::apply(resource, change, &around).await;
            Ok(wire::apply_resource_change::Response {
                new_state: Some(encode::value(&applied.state, ty)),
                new_identity: encode::identity(applied.identity.as_ref(), resource.declared()),
                private: applied.private,
                diagnostics: encode::diagnostics(applied.diagnostics),
                ..Default::default()
            })
        };
        let answer = answer.await;
        Ok(Response::new(answer.unwrap_or_else(|errors| wire::apply_resource_change::Response {
            diagnostics: encode::diagnostics(errors),
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            ..Default::default()
        })))
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        let wire::import_resource_state::Request { type_name, id, identity, .. } =
            request.into_inner();
        let answer = async {
            let resource = self.resource(&type_name)?;
            let declared = resource.declared();
            let what =
                match (identity.and_then(|identity| identity.identity_data), &declared.identity) {
                    (None, _) => Import::Id(id),
                    (Some(data), Some(identity)) => {
                        Import::Identity(decode::value(Some(&data), &identity.ty)?)
                    }
                    (Some(_), None) => return Err(no_identity(declared)),
                };
            let imported = import(resource, what, &*self.configured()?).await;
            let ty = &declared.ty;
            let found = imported.state.map(|state| wire::import_resource_state::ImportedResource {
                type_name: type_name.clone(),
                state: Some(encode::value(&state, ty)),
                private: imported.private,
                identity: encode::identity(imported.identity.as_ref(), declared),
            });
            Ok((found, imported.diagnostics))
        };
        let (found, diagnostics) = answer.await.unwrap_or_else(|errors| (None, errors));
        Ok(Response::new(wire::import_resource_state::Response {
            imported_resources: found.into_iter().collect(),
            diagnostics: encode::diagnostics(diagnostics),
            ..Default::default()
        }))
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> Answer<wire::move_resource_state::Response> {
        let request = request.into_inner();
        let moved = self.resource(&request.target_type_name).and_then(|resource| {
            let declared = resource.declared();
            let type_name = &request.target_type_name;
            let target = Target { declared, provider: P::SOURCE, type_name };
            let origin = Origin {
                provider: &request.source_provider_address,
                type_name: &request.source_type_name,
                version: request.source_schema_version,
            };
            let state = target.adopt(&origin, decode::foreign(request.source_state.as_ref())?)?;
            let mut found = Diagnostics::new();
            let identity = identify(resource, &state, &mut found);
            Ok(wire::move_resource_state::Response {
                target_state: Some(encode::value(&state, &declared.ty)),
                target_identity: encode::identity(identity.as_ref(), declared),
                // What another type keeps there means nothing to this one.
                target_private: if target.is(&origin) {
                    request.source_private
                } else {
                    Vec::new()
                },
                diagnostics: encode::diagnostics(found),
            })
        });
        Ok(Response::new(moved.unwrap_or_else(|errors| wire::move_resource_state::Response {
            diagnostics: encode::diagnostics(errors),
            ..Default::default()
        })))
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        let request = request.into_inner();
        let answer = async {
            let data_source = self.data_source(&request.type_name)?;
            let ty = &data_source.declared().ty;
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
        let request = request.into_inner();
        let generated = self.resource(&request.type_name).and_then(|resource| {
            let declared = resource.declared();
            let state = decode::value(request.state.as_ref(), &declared.ty)?;
            Ok(encode::value(&generate(declared, &state), &declared.ty))
        });
        let (config, errors) = match generated {
            Ok(config) => (Some(config), Diagnostics::new()),
            Err(errors) => (None, errors),
        };
        let diagnostics = encode::diagnostics(errors);
        Ok(Response::new(wire::generate_resource_config::Response { config, diagnostics }))
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

fn capabilities() -> wire::ServerCapabilities {
    wire::ServerCapabilities {
        // Without it Terraform does not ask before it destroys.
        plan_destroy: true,
        // It caches the schema, and no other answer of ours depends on having been asked for it.
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    }
}

fn not_offered(what: &str, name: &str) -> Diagnostics {
    Diagnostic::error(format!("the provider has no {what} `{name}`"))
        .detail("What to do: check the version of the provider against the configuration.")
        .into()
}

fn no_identity(resource: &Declared) -> Diagnostics {
    Diagnostic::error(format!("{} has no identity", resource.name))
        .detail("What to do: import it by its id.")
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
        sample::{Sample, lean, thing, value},
        schema::Type,
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
            &self.0.resource(THING).unwrap().declared().ty
        }

        #[expect(clippy::unnecessary_wraps, reason = "messages hold it like that")]
        pub(super) fn wire(&self, json: Json) -> Option<wire::DynamicValue> {
            Some(encode::value(&thing(json), self.ty()))
        }

        pub(super) fn lean(&self, value: Option<&wire::DynamicValue>) -> Json {
            lean(&decode::value(value, self.ty()).unwrap())
        }

        async fn plan(
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

        fn identity(&self, data: Option<&wire::ResourceIdentityData>) -> Json {
            let ty = &self.0.resource(THING).unwrap().declared().identity.as_ref().unwrap().ty;
            lean(&decode::value(data.and_then(|data| data.identity_data.as_ref()), ty).unwrap())
        }

        async fn read(&self, state: Option<wire::DynamicValue>) -> wire::read_resource::Response {
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
    async fn a_whole_life() {
        let core = Core::configured().await;
        let null = core.wire(json!(null));
        let made = core.apply(null.clone(), json!({"name": "Web", "peer": "::0001"})).await;
        assert_eq!(made.diagnostics, vec![]);
        assert_eq!(made.private, b"{\"made by\":\"sample\"}");
        let state = json!({
            "id": "thing-1", "name": "Web", "note": "none", "peer": "::0001", "port": 443,
            "revision": 1, "slug": "web",
        });
        assert_eq!(core.lean(made.new_state.as_ref()), state);

        let read = core.read(made.new_state.clone()).await;
        assert_eq!((&read.new_state, read.private), (&made.new_state, b"private".to_vec()));
        let again = core.plan(made.new_state.clone(), json!({"name": "Web", "peer": "::1"})).await;
        assert_eq!(again.planned_state, made.new_state);

        let moved = core.plan(made.new_state.clone(), json!({"name": "Web", "zone": "b"})).await;
        assert_eq!(moved.requires_replace, vec![encode::path(&"zone".into())]);

        let changed = core.apply(made.new_state, json!({"name": "Web", "note": "new"})).await;
        assert_eq!(core.lean(changed.new_state.as_ref())["revision"], json!(2));

        let gone = core.apply(changed.new_state.clone(), json!(null)).await;
        assert_eq!((gone.new_state, gone.diagnostics), (null.clone(), vec![]));
        assert_eq!(core.read(changed.new_state).await.new_state, null);
    }

    #[tokio::test]
    async fn planning_needs_no_configuration_and_applying_does() {
        let core = Core::new();
        let planned = core.plan(None, json!({"name": "a"})).await;
        assert_eq!(planned.diagnostics, vec![]);
        assert_eq!(core.lean(planned.planned_state.as_ref())["id"], "?");
        let applied = core.apply(core.wire(json!(null)), json!({"name": "a"})).await;
        assert_eq!(summaries(&applied.diagnostics), ["The provider is not configured"]);
        assert_eq!(core.lean(applied.new_state.as_ref()), json!(null));
    }

    #[tokio::test]
    async fn an_apply_that_cannot_be_read_is_no_status_and_loses_nothing() {
        let core = Core::configured().await;
        let prior = core.wire(json!({"id": "1", "name": "a"}));
        for (type_name, planned) in [("sample_nothing", &b"\xc0"[..]), (THING, b"\xc1")] {
            let request = wire::apply_resource_change::Request {
                type_name: type_name.to_owned(),
                prior_state: prior.clone(),
                planned_state: Some(wire::DynamicValue { msgpack: planned.into(), json: vec![] }),
                planned_private: b"private".to_vec(),
                ..Default::default()
            };
            let answer = core.0.apply_resource_change(Request::new(request)).await.unwrap();
            let answer = answer.into_inner();
            assert_eq!((&answer.new_state, &answer.private[..]), (&prior, &b"private"[..]));
            assert_eq!(answer.diagnostics.len(), 1);
        }
    }

    #[tokio::test]
    async fn a_state_that_cannot_be_read_goes_back_as_received() {
        let core = Core::configured().await;
        let state = Some(wire::DynamicValue { msgpack: b"\xc1".to_vec(), json: vec![] });
        let answer = core.read(state.clone()).await;
        assert_eq!((answer.new_state, answer.private), (state, b"private".to_vec()));
        assert_eq!(answer.diagnostics.len(), 1);
    }

    #[tokio::test]
    async fn an_import_can_be_read() {
        let core = Core::configured().await;
        let made = core.apply(core.wire(json!(null)), json!({"name": "Web"})).await;
        let request = wire::import_resource_state::Request {
            type_name: THING.to_owned(),
            id: "thing-1".to_owned(),
            ..Default::default()
        };
        let answer =
            core.0.import_resource_state(Request::new(request)).await.unwrap().into_inner();
        let imported = answer.imported_resources.into_iter().next().unwrap();
        assert_eq!(imported.type_name, THING);
        assert_eq!(core.read(imported.state).await.new_state, made.new_state);
    }

    #[tokio::test]
    async fn an_identity_goes_with_every_answer() {
        let core = Core::configured().await;
        let planned = core.plan(None, json!({"name": "a"})).await;
        assert_eq!(planned.planned_identity, None);
        let made = core.apply(core.wire(json!(null)), json!({"name": "a"})).await;
        let identity = json!({"id": "thing-1", "name": "a"});
        assert_eq!(core.identity(made.new_identity.as_ref()), identity);
        let read = core.read(made.new_state.clone()).await;
        assert_eq!(read.new_identity, made.new_identity);
        let planned = core.plan(made.new_state, json!({"name": "a", "note": "new"})).await;
        assert_eq!(planned.planned_identity, made.new_identity);

        let import = |type_name: &str| wire::import_resource_state::Request {
            type_name: type_name.to_owned(),
            identity: made.new_identity.clone(),
            ..Default::default()
        };
        let request = Request::new(import(THING));
        let answer = core.0.import_resource_state(request).await.unwrap().into_inner();
        assert_eq!(answer.imported_resources[0].identity, made.new_identity);
        let request = Request::new(import("sample_plain"));
        let answer = core.0.import_resource_state(request).await.unwrap().into_inner();
        assert_eq!(summaries(&answer.diagnostics), ["Plain has no identity"]);
    }

    #[tokio::test]
    async fn identities_are_declared_and_upgraded() {
        let core = Core::new();
        let request = Request::new(wire::get_resource_identity_schemas::Request::default());
        let answer = core.0.get_resource_identity_schemas(request).await.unwrap().into_inner();
        assert_eq!(answer.identity_schemas.keys().collect::<Vec<_>>(), [THING]);
        let schema = &answer.identity_schemas[THING];
        let attributes: Vec<_> = schema
            .identity_attributes
            .iter()
            .map(|a| (a.name.as_str(), &a.r#type[..], a.required_for_import, a.optional_for_import))
            .collect();
        let text = &b"\"string\""[..];
        assert_eq!(attributes, [("id", text, true, false), ("name", text, false, true)]);

        let upgrade = |type_name: &str| wire::upgrade_resource_identity::Request {
            type_name: type_name.to_owned(),
            version: 0,
            raw_identity: Some(wire::RawState {
                json: b"{\"key\":\"1\"}".into(),
                ..Default::default()
            }),
        };
        let answer = core.0.upgrade_resource_identity(Request::new(upgrade(THING))).await.unwrap();
        let upgraded = answer.into_inner().upgraded_identity;
        assert_eq!((schema.version, core.identity(upgraded.as_ref())), (1, json!({"id": "1"})));
        let request = Request::new(upgrade("sample_plain"));
        let answer = core.0.upgrade_resource_identity(request).await.unwrap().into_inner();
        assert_eq!(summaries(&answer.diagnostics), ["Plain has no identity"]);
    }

    #[tokio::test]
    async fn state_of_an_older_version_is_upgraded() {
        let core = Core::new();
        let raw_state = wire::RawState {
            json: json!({"id": "1", "title": "a", "notes": ["b"]}).to_string().into_bytes(),
            ..Default::default()
        };
        let request = wire::upgrade_resource_state::Request {
            type_name: THING.to_owned(),
            version: 0,
            raw_state: Some(raw_state),
        };
        let answer =
            core.0.upgrade_resource_state(Request::new(request)).await.unwrap().into_inner();
        let expected = json!({"id": "1", "name": "a", "note": "b"});
        assert_eq!(core.lean(answer.upgraded_state.as_ref()), expected);
    }

    #[tokio::test]
    async fn an_object_of_another_type_is_moved() {
        let core = Core::new();
        let request = |from: &str| wire::move_resource_state::Request {
            source_provider_address: "registry.terraform.io/others/hosts".to_owned(),
            source_type_name: from.to_owned(),
            source_state: Some(wire::RawState {
                json: json!({"key": "1", "title": "a"}).to_string().into_bytes(),
                ..Default::default()
            }),
            source_private: b"theirs".to_vec(),
            target_type_name: THING.to_owned(),
            ..Default::default()
        };
        let answer = core.0.move_resource_state(Request::new(request("hosts_thing"))).await;
        let answer = answer.unwrap().into_inner();
        let expected = json!({"id": "1", "name": "\"a\" of version 0"});
        assert_eq!(core.lean(answer.target_state.as_ref()), expected);
        assert_eq!(core.identity(answer.target_identity.as_ref()), expected);
        assert_eq!((answer.target_private, answer.diagnostics), (vec![], vec![]));

        let answer = core.0.move_resource_state(Request::new(request("hosts_other"))).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(answer.target_state, None);
        assert_eq!(summaries(&answer.diagnostics), ["Could not move hosts_other to sample_thing"]);
    }

    #[tokio::test]
    async fn everything_on_offer_is_listed() {
        let core = Core::new();
        let request = Request::new(wire::get_metadata::Request::default());
        let metadata = core.0.get_metadata(request).await.unwrap().into_inner();
        let resources: Vec<_> = metadata.resources.iter().map(|r| r.type_name.as_str()).collect();
        assert_eq!(resources, ["sample_plain", THING]);
        assert_eq!(metadata.data_sources.len(), 1);

        let request = Request::new(wire::get_provider_schema::Request::default());
        let schema = core.0.get_provider_schema(request).await.unwrap().into_inner();
        assert_eq!(schema.resource_schemas[THING].version, 2);
        assert!(schema.provider.is_some() && schema.data_source_schemas.contains_key(THING));
        assert_eq!(schema.server_capabilities, metadata.server_capabilities);
    }

    #[tokio::test]
    async fn write_only_is_for_those_who_know_it() {
        let core = Core::new();
        let config = core.wire(json!({"name": "a", "secret": "s"}));
        for (allowed, expected) in [(true, 0), (false, 1)] {
            let request = wire::validate_resource_config::Request {
                type_name: THING.to_owned(),
                config: config.clone(),
                client_capabilities: Some(wire::ClientCapabilities {
                    write_only_attributes_allowed: allowed,
                    ..Default::default()
                }),
            };
            let answer = core.0.validate_resource_config(Request::new(request)).await.unwrap();
            assert_eq!(answer.into_inner().diagnostics.len(), expected);
        }
    }

    #[tokio::test]
    async fn a_data_source_is_read() {
        let core = Core::configured().await;
        core.apply(core.wire(json!(null)), json!({"name": "Web"})).await;
        let ty = &core.0.data_source(THING).unwrap().declared().ty;
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

            let ty = &core.0.data_source(THING).unwrap().declared().ty;
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
    async fn a_configuration_is_generated() {
        let core = Core::new();
        let state = json!({"id": "1", "name": "a", "note": "none", "port": 1, "slug": "a"});
        let request = wire::generate_resource_config::Request {
            type_name: THING.to_owned(),
            state: core.wire(state),
        };
        let answer =
            core.0.generate_resource_config(Request::new(request)).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics, vec![]);
        assert_eq!(core.lean(answer.config.as_ref()), json!({"name": "a", "port": 1}));
    }

    #[tokio::test]
    async fn what_is_not_served_is_unimplemented() {
        let core = Core::new();
        let request = Request::new(wire::validate_state_store::Request::default());
        let status = core.0.validate_state_store_config(request).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented);
    }
}
