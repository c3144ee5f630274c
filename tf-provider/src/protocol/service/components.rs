//! What is on offer: names, and schemas.

use super::Service;
use crate::{
    Provider,
    lifecycle::Declaration,
    protocol::{encode, generated::tfplugin6 as wire},
};

impl<P: Provider> Service<P> {
    pub(super) fn metadata(&self) -> wire::get_metadata::Response {
        let resources = self.resources.keys().cloned();
        let data_sources = self.data_sources.keys().cloned();
        wire::get_metadata::Response {
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
        }
    }

    pub(super) fn schemas(&self) -> wire::get_provider_schema::Response {
        let schema = |declared: &Declaration| encode::schema(&declared.object, declared.version);
        let resources = self.resources.iter();
        let data_sources = self.data_sources.iter();
        let (ephemerals, actions) = (self.ephemerals.iter(), self.actions.iter());
        wire::get_provider_schema::Response {
            provider: Some(encode::schema(&self.provider.object, 0)),
            resource_schemas: resources
                .map(|(n, r)| (n.clone(), schema(r.declaration())))
                .collect(),
            data_source_schemas: data_sources
                .map(|(n, d)| (n.clone(), schema(d.declaration())))
                .collect(),
            ephemeral_resource_schemas: ephemerals
                .map(|(n, e)| (n.clone(), schema(e.declaration())))
                .collect(),
            list_resource_schemas: self
                .lists
                .iter()
                .map(|(n, l)| (n.clone(), encode::configured_schema(&l.declaration().object)))
                .collect(),
            action_schemas: actions
                .map(|(n, a)| {
                    let schema = Some(encode::configured_schema(&a.declaration().object));
                    (n.clone(), wire::ActionSchema { schema })
                })
                .collect(),
            functions: self.functions(),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        }
    }

    pub(super) fn identity_schemas(&self) -> wire::get_resource_identity_schemas::Response {
        let identities = self.resources.iter().filter_map(|(name, resource)| {
            let identity = resource.declaration().identity.as_ref()?;
            Some((name.clone(), encode::identity_schema(&identity.object, identity.version)))
        });
        wire::get_resource_identity_schemas::Response {
            identity_schemas: identities.collect(),
            ..Default::default()
        }
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

#[cfg(test)]
mod tests {
    use tonic::Request;
    use wire::provider_server::Provider as _;

    use super::{
        super::tests::{Core, THING},
        *,
    };

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
}
