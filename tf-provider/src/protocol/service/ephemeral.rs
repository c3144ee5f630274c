//! Ephemeral resources.

use std::sync::Arc;

use super::{Service, not_offered, validated};
use crate::{
    Diagnostics, Provider, Result,
    lifecycle::{
        AnyComponent, Component, Kind,
        ephemeral::{AnyEphemeral, Opened, close, open, renew},
    },
    protocol::{decode, encode, generated::tfplugin6 as wire},
};

impl<P: Provider> Service<P> {
    fn ephemeral(&self, name: &str) -> Result<&Arc<dyn AnyEphemeral<P::Client>>> {
        match self.component(Kind::EphemeralResource, name) {
            Some(AnyComponent::EphemeralResource(found)) => Ok(found),
            _ => Err(not_offered(Kind::EphemeralResource, name)),
        }
    }

    pub(super) fn validate_ephemeral(
        &self,
        request: &wire::validate_ephemeral_resource_config::Request,
    ) -> wire::validate_ephemeral_resource_config::Response {
        let found = self.ephemeral(&request.type_name).map(|one| &**one as &dyn Component);
        wire::validate_ephemeral_resource_config::Response {
            diagnostics: validated(found, request.config.as_ref()),
        }
    }

    pub(super) async fn open(
        &self,
        request: wire::open_ephemeral_resource::Request,
    ) -> wire::open_ephemeral_resource::Response {
        let answer = async {
            let ephemeral = self.ephemeral(&request.type_name)?;
            let ty = &ephemeral.declaration().ty;
            let config = decode::value(request.config.as_ref(), ty)?;
            let opened = open(&**ephemeral, config, &*self.configured()?).await;
            let Opened { result, lease, diagnostics } = opened;
            Ok(wire::open_ephemeral_resource::Response {
                result: lease.is_some().then(|| encode::value(&result, ty)),
                renew_at: lease.as_ref().and_then(|lease| lease.renew_at).map(Into::into),
                private: lease.map(|lease| lease.private),
                diagnostics: encode::diagnostics(diagnostics),
                ..Default::default()
            })
        };
        answer.await.unwrap_or_else(|errors| wire::open_ephemeral_resource::Response {
            diagnostics: encode::diagnostics(errors),
            ..Default::default()
        })
    }

    pub(super) async fn renew(
        &self,
        request: wire::renew_ephemeral_resource::Request,
    ) -> wire::renew_ephemeral_resource::Response {
        let private = request.private.clone().unwrap_or_default();
        let answer = async {
            let ephemeral = self.ephemeral(&request.type_name)?;
            Ok(renew(&**ephemeral, private, &*self.configured()?).await)
        };
        let (lease, diagnostics) = answer.await.unwrap_or_else(|errors| (None, errors));
        wire::renew_ephemeral_resource::Response {
            renew_at: lease.as_ref().and_then(|lease| lease.renew_at).map(Into::into),
            // What it closes with, although it may not last until then.
            private: lease.map_or(request.private, |lease| Some(lease.private)),
            diagnostics: encode::diagnostics(diagnostics),
        }
    }

    pub(super) async fn close(
        &self,
        request: wire::close_ephemeral_resource::Request,
    ) -> wire::close_ephemeral_resource::Response {
        let answer = async {
            let ephemeral = self.ephemeral(&request.type_name)?;
            let private = request.private.unwrap_or_default();
            Ok::<_, Diagnostics>(close(&**ephemeral, private, &*self.configured()?).await)
        };
        let found = answer.await.unwrap_or_else(|errors| errors);
        wire::close_ephemeral_resource::Response { diagnostics: encode::diagnostics(found) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tonic::Request;
    use wire::provider_server::Provider as _;

    use super::{
        super::tests::{Core, summaries},
        *,
    };
    use crate::{
        Json, Model,
        testkit::{ephemeral::Token, full, lean, value},
    };

    const TOKEN: &str = "sample_token";

    impl Core {
        async fn open(&self, config: Json) -> wire::open_ephemeral_resource::Response {
            let object = Token::object();
            let config = encode::value(&full(&object, &value(config)), &object.ty());
            let request = wire::open_ephemeral_resource::Request {
                type_name: TOKEN.to_owned(),
                config: Some(config),
                ..Default::default()
            };
            self.0.open_ephemeral_resource(Request::new(request)).await.unwrap().into_inner()
        }

        async fn renew(
            &self,
            private: Option<Vec<u8>>,
        ) -> wire::renew_ephemeral_resource::Response {
            let request =
                wire::renew_ephemeral_resource::Request { type_name: TOKEN.to_owned(), private };
            self.0.renew_ephemeral_resource(Request::new(request)).await.unwrap().into_inner()
        }

        async fn close(&self, private: Option<Vec<u8>>) -> Vec<wire::Diagnostic> {
            let request =
                wire::close_ephemeral_resource::Request { type_name: TOKEN.to_owned(), private };
            let answer = self.0.close_ephemeral_resource(Request::new(request)).await.unwrap();
            answer.into_inner().diagnostics
        }
    }

    #[tokio::test]
    async fn ephemeral_is_opened_renewed_and_closed() {
        let core = Core::configured().await;
        let opened = core.open(json!({"name": "a"})).await;
        assert_eq!(opened.diagnostics, vec![]);
        let result = decode::value(opened.result.as_ref(), &Token::object().ty()).unwrap();
        assert_eq!(lean(&result), json!({"name": "a", "token": "token of a"}));
        assert_eq!(opened.renew_at.unwrap().seconds, 60);

        let renewed = core.renew(opened.private).await;
        assert_eq!((renewed.diagnostics, renewed.renew_at.unwrap().seconds), (vec![], 120));
        assert_eq!(core.close(renewed.private).await, vec![]);
    }

    #[tokio::test]
    async fn a_failed_renewal_can_still_be_closed() {
        let core = Core::configured().await;
        let opened = core.open(json!({"name": "short"})).await;
        let renewed = core.renew(opened.private.clone()).await;
        assert_eq!(summaries(&renewed.diagnostics), ["It is over"]);
        assert_eq!((&renewed.private, renewed.renew_at), (&opened.private, None));
        assert_eq!(core.close(renewed.private).await, vec![]);
    }

    #[tokio::test]
    async fn stop_does_not_prevent_close() {
        let core = Core::configured().await;
        let opened = core.open(json!({"name": "a"})).await;
        let stop = Request::new(wire::stop_provider::Request {});
        core.0.stop_provider(stop).await.unwrap();
        assert_eq!(core.close(opened.private).await, vec![]);
    }

    #[tokio::test]
    async fn before_configure_and_for_unknown_names_there_are_diagnostics() {
        let core = Core::new();
        let missing = ["The provider is not configured"];
        assert_eq!(summaries(&core.open(json!({"name": "a"})).await.diagnostics), missing);
        let renewed = core.renew(Some(b"{}".to_vec())).await;
        assert_eq!(summaries(&renewed.diagnostics), missing);
        assert_eq!(renewed.private, Some(b"{}".to_vec()));
        assert_eq!(summaries(&core.close(None).await), missing);

        let request = wire::open_ephemeral_resource::Request {
            type_name: "sample_nothing".to_owned(),
            ..Default::default()
        };
        let answer = core.0.open_ephemeral_resource(Request::new(request)).await.unwrap();
        let said = summaries(&answer.get_ref().diagnostics).concat();
        assert_eq!(said, "The provider has no ephemeral resource `sample_nothing`");
    }

    #[tokio::test]
    async fn a_configuration_is_validated() {
        let object = Token::object();
        let config = full(&object, &value(json!({"name": "a", "peer": "junk"})));
        let request = wire::validate_ephemeral_resource_config::Request {
            type_name: TOKEN.to_owned(),
            config: Some(encode::value(&config, &object.ty())),
        };
        let core = Core::new();
        let request = Request::new(request);
        let answer = core.0.validate_ephemeral_resource_config(request).await.unwrap();
        assert_eq!(summaries(&answer.get_ref().diagnostics), ["Invalid value of `peer`"]);
    }
}
