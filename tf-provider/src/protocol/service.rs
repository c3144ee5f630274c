//! The provider service: decodes a request, lets [`lifecycle`](crate::lifecycle) answer, encodes the answer.
//!
//! It answers with diagnostics, never with a status: to a status Terraform reacts by forgetting the object.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, PoisonError, RwLock},
};

use tonic::{Request, Response, Status};

use super::{decode, encode, generated::tfplugin6 as wire};
use crate::{
    Diagnostic, Diagnostics, Model, Provider, Result, Value,
    lifecycle::{
        AnyDataSource, AnyResource, Stop, Surroundings, apply, configure, data_source, import, plan,
        read, upgrade, validate,
    },
    schema::{Object, Type},
};

/// One provider process.
pub(crate) struct Service<P: Provider> {
    config: Object,
    config_type: Type,
    resources: BTreeMap<String, Arc<dyn AnyResource<P::Client>>>,
    data_sources: BTreeMap<String, Arc<dyn AnyDataSource<P::Client>>>,
    configured: RwLock<Option<Arc<Surroundings<P::Client>>>>,
    stop: Stop,
}

type Answer<T> = std::result::Result<Response<T>, Status>;

impl<P: Provider> Service<P> {
    /// `stop` reaches every operation that runs.
    pub(crate) fn new(stop: Stop) -> Self {
        let offer = P::offer();
        let config = P::Config::object();
        let full = |name: &str| format!("{}_{name}", P::NAME);
        Self {
            config_type: config.ty(),
            config,
            resources: offer.resources.into_iter().map(|r| (full(r.declared().name), r)).collect(),
            data_sources: offer
                .data_sources
                .into_iter()
                .map(|d| (full(d.declared().name), d))
                .collect(),
            configured: RwLock::default(),
            stop,
        }
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

    fn validate_resource(&self, request: &wire::validate_resource_config::Request) -> Result<Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let declared = resource.declared();
        let config = decode::value(request.config.as_ref(), &declared.ty)?;
        let mut found = validate::validate(
            declared.name,
            &declared.object,
            &declared.constraints,
            &config,
            |config| resource.check(config),
        );
        if !request.client_capabilities.unwrap_or_default().write_only_attributes_allowed {
            found.extend(validate::refuse_write_only(&declared.object, &config));
        }
        Ok(found)
    }

    fn validate_data_source(
        &self,
        request: &wire::validate_data_resource_config::Request,
    ) -> Result<Diagnostics> {
        let data_source = self.data_source(&request.type_name)?;
        let declared = data_source.declared();
        let config = decode::value(request.config.as_ref(), &declared.ty)?;
        Ok(validate::validate(
            declared.name,
            &declared.object,
            &declared.constraints,
            &config,
            |config| data_source.check(config),
        ))
    }

    fn validate_provider(&self, request: &wire::validate_provider_config::Request) -> Result<Diagnostics> {
        let config = decode::value(request.config.as_ref(), &self.config_type)?;
        let check = |config: &Value| {
            P::Config::partial(config).map_or_else(|errors| errors, |config| P::check(&config))
        };
        Ok(validate::validate(P::NAME, &self.config, &P::constraints(), &config, check))
    }

    async fn configure(&self, request: wire::configure_provider::Request) -> Result<Diagnostics> {
        let config = decode::value(request.config.as_ref(), &self.config_type)?;
        let version: Arc<str> = request.terraform_version.as_str().into();
        let (client, diagnostics) = configure::configure::<P>(&config, request.terraform_version).await;
        if let Some(client) = client {
            let around = Surroundings {
                client: Arc::new(client),
                stop: self.stop.clone(),
                terraform_version: version,
            };
            *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(around));
        }
        Ok(diagnostics)
    }

    fn upgrade(
        &self,
        request: &wire::upgrade_resource_state::Request,
    ) -> Result<wire::DynamicValue> {
        let resource = self.resource(&request.type_name)?;
        let stored = decode::stored(request.raw_state.as_ref())?;
        let state = upgrade::upgrade(resource, request.version, stored)?;
        encode::value(&state, &resource.declared().ty)
    }

    async fn read(
        &self,
        request: &mut wire::read_resource::Request,
        response: &mut wire::read_resource::Response,
    ) -> Result<Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let ty = &resource.declared().ty;
        let state = decode::value(request.current_state.as_ref(), ty)?;
        let private = mem::take(&mut request.private);
        let read = read::read(resource, state, private, &*self.configured()?).await;
        response.private = read.private;
        response.new_state = Some(encode::value(&read.state, ty)?);
        Ok(read.diagnostics)
    }
}
