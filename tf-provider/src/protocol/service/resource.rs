//! Managed resources, from the check of a configuration to the end of an object.

use std::sync::Arc;

use super::{Service, defer, not_offered};
use crate::{
    Diagnostic, Diagnostics, Import, Provider, Result,
    lifecycle::{
        AnyComponent, Declaration, Kind, apply,
        generate::generate,
        identity::identify,
        import::import,
        moved::{MoveSource, Target},
        plan::{Planned, plan},
        read::read,
        resource::AnyResource,
        upgrade::upgrade,
        validate::{refuse_write_only, validate},
    },
    protocol::{decode, encode, generated::tfplugin6 as wire},
};

impl<P: Provider> Service<P> {
    pub(super) fn resource(&self, name: &str) -> Result<&Arc<dyn AnyResource<P::Client>>> {
        match self.component(Kind::Resource, name) {
            Some(AnyComponent::Resource(found)) => Ok(found),
            _ => Err(not_offered(Kind::Resource, name)),
        }
    }

    pub(super) fn validate_resource(
        &self,
        request: &wire::validate_resource_config::Request,
    ) -> wire::validate_resource_config::Response {
        let capabilities = request.client_capabilities.unwrap_or_default();
        let found = self.resource(&request.type_name).and_then(|resource| {
            let config = decode::value(request.config.as_ref(), &resource.declaration().ty)?;
            let mut found = validate(&**resource, &config);
            if !capabilities.write_only_attributes_allowed {
                found.extend(refuse_write_only(&resource.declaration().object, &config));
            }
            Ok(found)
        });
        let diagnostics = encode::diagnostics(found.unwrap_or_else(|errors| errors));
        wire::validate_resource_config::Response { diagnostics }
    }

    pub(super) fn upgrade_state(
        &self,
        request: &wire::upgrade_resource_state::Request,
    ) -> wire::upgrade_resource_state::Response {
        let upgraded = self.resource(&request.type_name).and_then(|resource| {
            let declaration = resource.declaration();
            let stored = decode::stored(request.raw_state.as_ref())?;
            let state = upgrade(declaration, "state", request.version, stored)?;
            Ok(encode::value(&state, &declaration.ty))
        });
        let (upgraded_state, diagnostics) = match upgraded {
            Ok(state) => (Some(state), Vec::new()),
            Err(errors) => (None, encode::diagnostics(errors)),
        };
        wire::upgrade_resource_state::Response { upgraded_state, diagnostics }
    }

    pub(super) fn upgrade_identity(
        &self,
        request: &wire::upgrade_resource_identity::Request,
    ) -> wire::upgrade_resource_identity::Response {
        let upgraded = self.resource(&request.type_name).and_then(|resource| {
            let declaration = resource.declaration();
            let identity = declaration.identity.as_ref().ok_or_else(|| no_identity(declaration))?;
            let stored = decode::stored(request.raw_identity.as_ref())?;
            let identity = upgrade(identity, "identity", request.version, stored)?;
            Ok(encode::identity(Some(&identity), declaration))
        });
        let (upgraded_identity, diagnostics) = match upgraded {
            Ok(identity) => (identity, Vec::new()),
            Err(errors) => (None, encode::diagnostics(errors)),
        };
        wire::upgrade_resource_identity::Response { upgraded_identity, diagnostics }
    }

    pub(super) async fn read(
        &self,
        request: wire::read_resource::Request,
    ) -> wire::read_resource::Response {
        let answer = async {
            let resource = self.resource(&request.type_name)?;
            let ty = &resource.declaration().ty;
            let state = decode::value(request.current_state.as_ref(), ty)?;
            let env = self.configured()?;
            let read = read(&**resource, state, request.private.clone(), &env).await;
            let (deferred, diagnostics) = defer(request.client_capabilities, read.diagnostics);
            Ok(wire::read_resource::Response {
                new_state: Some(encode::value(&read.state, ty)),
                new_identity: encode::identity(read.identity.as_ref(), resource.declaration()),
                private: read.private,
                diagnostics: encode::diagnostics(diagnostics),
                deferred,
            })
        };
        answer.await.unwrap_or_else(|errors| wire::read_resource::Response {
            diagnostics: encode::diagnostics(errors),
            new_state: request.current_state.clone(),
            new_identity: request.current_identity.clone(),
            private: request.private.clone(),
            ..Default::default()
        })
    }

    pub(super) fn plan(
        &self,
        request: wire::plan_resource_change::Request,
    ) -> wire::plan_resource_change::Response {
        let planned = self.resource(&request.type_name).and_then(|resource| {
            let ty = &resource.declaration().ty;
            let prior = decode::value(request.prior_state.as_ref(), ty)?;
            let config = decode::value(request.config.as_ref(), ty)?;
            let env = self.env();
            let client = env.as_ref().map(|env| &*env.client);
            let planned = plan(&**resource, &prior, &config, client);
            let identity = encode::identity(planned.identity.as_ref(), resource.declaration());
            Ok((encode::value(&planned.state, ty), identity, planned))
        });
        let (state, planned_identity, planned) = match planned {
            Ok((state, identity, planned)) => (Some(state), identity, planned),
            Err(diagnostics) => {
                (request.prior_state, None, Planned { diagnostics, ..Planned::default() })
            }
        };
        let (deferred, diagnostics) = defer(request.client_capabilities, planned.diagnostics);
        wire::plan_resource_change::Response {
            planned_state: state,
            planned_identity,
            requires_replace: planned.replace.iter().map(encode::path).collect(),
            planned_private: request.prior_private,
            diagnostics: encode::diagnostics(diagnostics),
            deferred,
            ..Default::default()
        }
    }

    pub(super) async fn apply(
        &self,
        request: wire::apply_resource_change::Request,
    ) -> wire::apply_resource_change::Response {
        let answer = async {
            let resource = self.resource(&request.type_name)?;
            let ty = &resource.declaration().ty;
            let change = apply::Change {
                prior: decode::value(request.prior_state.as_ref(), ty)?,
                planned: decode::value(request.planned_state.as_ref(), ty)?,
                config: decode::value(request.config.as_ref(), ty)?,
                private: request.planned_private.clone(),
            };
            let env = self.configured()?;
            let applied = apply::apply(&**resource, change, &env).await;
            Ok(wire::apply_resource_change::Response {
                new_state: Some(encode::value(&applied.state, ty)),
                new_identity: encode::identity(applied.identity.as_ref(), resource.declaration()),
                private: applied.private,
                diagnostics: encode::diagnostics(applied.diagnostics),
                ..Default::default()
            })
        };
        let answer = answer.await;
        answer.unwrap_or_else(|errors| wire::apply_resource_change::Response {
            diagnostics: encode::diagnostics(errors),
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        &self,
        request: wire::import_resource_state::Request,
    ) -> wire::import_resource_state::Response {
        let wire::import_resource_state::Request { type_name, id, identity, .. } = request;
        let answer = async {
            let resource = self.resource(&type_name)?;
            let declaration = resource.declaration();
            let what =
                match (identity.and_then(|identity| identity.identity_data), &declaration.identity)
                {
                    (None, _) => Import::Id(id),
                    (Some(data), Some(identity)) => {
                        Import::Identity(decode::value(Some(&data), &identity.ty)?)
                    }
                    (Some(_), None) => return Err(no_identity(declaration)),
                };
            let imported = import(&**resource, what, &*self.configured()?).await;
            let ty = &declaration.ty;
            let found = imported.state.map(|state| wire::import_resource_state::ImportedResource {
                type_name: type_name.clone(),
                state: Some(encode::value(&state, ty)),
                private: imported.private,
                identity: encode::identity(imported.identity.as_ref(), declaration),
            });
            Ok((found, imported.diagnostics))
        };
        let (found, diagnostics) = answer.await.unwrap_or_else(|errors| (None, errors));
        wire::import_resource_state::Response {
            imported_resources: found.into_iter().collect(),
            diagnostics: encode::diagnostics(diagnostics),
            ..Default::default()
        }
    }

    pub(super) fn adopt(
        &self,
        request: wire::move_resource_state::Request,
    ) -> wire::move_resource_state::Response {
        let moved = self.resource(&request.target_type_name).and_then(|resource| {
            let declaration = resource.declaration();
            let type_name = &request.target_type_name;
            let target = Target { declaration, provider: P::SOURCE, type_name };
            let source = MoveSource {
                provider: &request.source_provider_address,
                type_name: &request.source_type_name,
                version: request.source_schema_version,
            };
            let state = target.adopt(&source, decode::foreign(request.source_state.as_ref())?)?;
            let mut found = Diagnostics::new();
            let identity = identify(&**resource, &state, &mut found);
            Ok(wire::move_resource_state::Response {
                target_state: Some(encode::value(&state, &declaration.ty)),
                target_identity: encode::identity(identity.as_ref(), declaration),
                // What another type keeps there means nothing to this one.
                target_private: if target.is(&source) {
                    request.source_private
                } else {
                    Vec::new()
                },
                diagnostics: encode::diagnostics(found),
            })
        });
        moved.unwrap_or_else(|errors| wire::move_resource_state::Response {
            diagnostics: encode::diagnostics(errors),
            ..Default::default()
        })
    }

    pub(super) fn generate(
        &self,
        request: &wire::generate_resource_config::Request,
    ) -> wire::generate_resource_config::Response {
        let generated = self.resource(&request.type_name).and_then(|resource| {
            let declaration = resource.declaration();
            let state = decode::value(request.state.as_ref(), &declaration.ty)?;
            Ok(encode::value(&generate(declaration, &state), &declaration.ty))
        });
        let (config, errors) = match generated {
            Ok(config) => (Some(config), Diagnostics::new()),
            Err(errors) => (None, errors),
        };
        let diagnostics = encode::diagnostics(errors);
        wire::generate_resource_config::Response { config, diagnostics }
    }
}

fn no_identity(resource: &Declaration) -> Diagnostics {
    Diagnostic::error(format!("{} has no identity", resource.name))
        .remedy("import it by its id.")
        .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tonic::Request;
    use wire::provider_server::Provider as _;

    use super::{
        super::tests::{Core, THING, summaries},
        *,
    };

    #[tokio::test]
    async fn resource_is_created_read_updated_and_deleted() {
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
    async fn an_import_is_planned_as_no_change() {
        let core = Core::configured().await;
        let config = json!({"name": "Web", "labels": {"a": "b"}});
        core.apply(core.wire(json!(null)), config.clone()).await;
        let request = wire::import_resource_state::Request {
            type_name: THING.to_owned(),
            id: "thing-1".to_owned(),
            ..Default::default()
        };
        let answer = core.0.import_resource_state(Request::new(request)).await.unwrap();
        let state = answer.into_inner().imported_resources[0].state.clone();
        let read = core.read(state).await.new_state;
        let planned = core.plan(read.clone(), config).await;
        assert_eq!((planned.planned_state, planned.requires_replace), (read, vec![]));
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
    async fn write_only_is_refused_without_client_capability() {
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
}
