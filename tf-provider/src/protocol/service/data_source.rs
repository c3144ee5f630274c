//! Data sources.

use std::sync::Arc;

use super::{Service, defer, not_offered, validated};
use crate::{
    Provider, Result,
    lifecycle::{
        AnyComponent, Component, Kind,
        data_source::{self, AnyDataSource},
    },
    protocol::{decode, encode, generated::tfplugin6 as wire},
};

impl<P: Provider> Service<P> {
    fn data_source(&self, name: &str) -> Result<&Arc<dyn AnyDataSource<P::Client>>> {
        match self.component(Kind::DataSource, name) {
            Some(AnyComponent::DataSource(found)) => Ok(found),
            _ => Err(not_offered(Kind::DataSource, name)),
        }
    }

    pub(super) fn validate_data_source(
        &self,
        request: &wire::validate_data_resource_config::Request,
    ) -> wire::validate_data_resource_config::Response {
        let found = self.data_source(&request.type_name).map(|one| &**one as &dyn Component);
        wire::validate_data_resource_config::Response {
            diagnostics: validated(found, request.config.as_ref()),
        }
    }

    pub(super) async fn read_data_source(
        &self,
        request: wire::read_data_source::Request,
    ) -> wire::read_data_source::Response {
        let answer = async {
            let data_source = self.data_source(&request.type_name)?;
            let ty = &data_source.declaration().ty;
            let config = decode::value(request.config.as_ref(), ty)?;
            let read = data_source::read(&**data_source, config, &*self.configured()?).await;
            Ok((Some(encode::value(&read.state, ty)), read.diagnostics))
        };
        let (state, diagnostics) = answer.await.unwrap_or_else(|errors| (None, errors));
        let (deferred, diagnostics) = defer(request.client_capabilities, diagnostics);
        wire::read_data_source::Response {
            state,
            diagnostics: encode::diagnostics(diagnostics),
            deferred,
        }
    }
}
