//! Ephemeral resources.

use super::{Answer, Service, not_offered};
use crate::{
    Diagnostics, Provider, Result,
    lifecycle::{
        ephemeral::{AnyEphemeral, Opened, close, open, renew},
        validate::validate,
    },
    protocol::{decode, encode, generated::tfplugin6 as wire},
};

impl<P: Provider> Service<P> {
    fn ephemeral(&self, name: &str) -> Result<&dyn AnyEphemeral<P::Client>> {
        let found = self.ephemerals.get(name).map(AsRef::as_ref);
        found.ok_or_else(|| not_offered("ephemeral resource", name))
    }

    pub(super) fn validate_ephemeral(
        &self,
        request: &wire::validate_ephemeral_resource_config::Request,
    ) -> Result<Diagnostics> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let declared = ephemeral.declared();
        let config = decode::value(request.config.as_ref(), &declared.ty)?;
        Ok(validate(declared, &config, |config| ephemeral.check(config)))
    }

    pub(super) async fn open(
        &self,
        request: &wire::open_ephemeral_resource::Request,
    ) -> Result<wire::open_ephemeral_resource::Response> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let ty = &ephemeral.declared().ty;
        let config = decode::value(request.config.as_ref(), ty)?;
        let opened = open(ephemeral, config, &*self.configured()?).await;
        let Opened { result, lease, diagnostics } = opened;
        Ok(wire::open_ephemeral_resource::Response {
            result: lease.is_some().then(|| encode::value(&result, ty)),
            renew_at: lease.as_ref().and_then(|lease| lease.renew_at).map(Into::into),
            private: lease.map(|lease| lease.private),
            diagnostics: encode::diagnostics(diagnostics),
            ..Default::default()
        })
    }

    pub(super) async fn renew(
        &self,
        request: &wire::renew_ephemeral_resource::Request,
    ) -> Result<wire::renew_ephemeral_resource::Response> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let private = request.private.clone().unwrap_or_default();
        let (lease, diagnostics) = renew(ephemeral, private, &*self.configured()?).await;
        Ok(wire::renew_ephemeral_resource::Response {
            renew_at: lease.as_ref().and_then(|lease| lease.renew_at).map(Into::into),
            // What it closes with, although it may not last until then.
            private: lease.map_or_else(|| request.private.clone(), |lease| Some(lease.private)),
            diagnostics: encode::diagnostics(diagnostics),
        })
    }

    pub(super) async fn close(
        &self,
        request: wire::close_ephemeral_resource::Request,
    ) -> Result<Diagnostics> {
        let ephemeral = self.ephemeral(&request.type_name)?;
        let private = request.private.unwrap_or_default();
        Ok(close(ephemeral, private, &*self.configured()?).await)
    }
}
