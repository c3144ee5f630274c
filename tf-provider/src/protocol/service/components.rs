//! What is on offer: names, and schemas.

use super::Service;
use crate::{
    Provider,
    lifecycle::{AnyComponent, Component, Declaration},
    protocol::{encode, generated::tfplugin6 as wire},
};

impl<P: Provider> Service<P> {
    pub(super) fn metadata(&self) -> wire::get_metadata::Response {
        use wire::get_metadata as metadata;
        let mut all =
            metadata::Response { server_capabilities: Some(capabilities()), ..Default::default() };
        for ((_, name), component) in &self.components {
            let type_name = name.clone();
            match component {
                AnyComponent::Resource(_) => {
                    all.resources.push(metadata::ResourceMetadata { type_name });
                }
                AnyComponent::DataSource(_) => {
                    all.data_sources.push(metadata::DataSourceMetadata { type_name });
                }
                AnyComponent::EphemeralResource(_) => {
                    all.ephemeral_resources.push(metadata::EphemeralMetadata { type_name });
                }
                AnyComponent::ListResource(_) => {
                    all.list_resources.push(metadata::ListResourceMetadata { type_name });
                }
                AnyComponent::Action(_) => {
                    all.actions.push(metadata::ActionMetadata { type_name });
                }
                AnyComponent::Function(_) => {
                    all.functions.push(metadata::FunctionMetadata { name: type_name });
                }
            }
        }
        all
    }

    pub(super) fn schemas(&self) -> wire::get_provider_schema::Response {
        let mut all = wire::get_provider_schema::Response {
            provider: Some(encode::schema(&self.provider.declaration().object, 0)),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        };
        for ((_, name), component) in &self.components {
            let (name, Declaration { object, version, .. }) =
                (name.clone(), component.declaration());
            match component {
                AnyComponent::Resource(_) => {
                    all.resource_schemas.insert(name, encode::schema(object, *version));
                }
                AnyComponent::DataSource(_) => {
                    all.data_source_schemas.insert(name, encode::schema(object, 0));
                }
                AnyComponent::EphemeralResource(_) => {
                    all.ephemeral_resource_schemas.insert(name, encode::schema(object, 0));
                }
                AnyComponent::ListResource(_) => {
                    all.list_resource_schemas.insert(name, encode::configured_schema(object));
                }
                AnyComponent::Action(_) => {
                    let schema = Some(encode::configured_schema(object));
                    all.action_schemas.insert(name, wire::ActionSchema { schema });
                }
                AnyComponent::Function(function) => {
                    all.functions.insert(name, encode::function(function));
                }
            }
        }
        all
    }

    pub(super) fn identity_schemas(&self) -> wire::get_resource_identity_schemas::Response {
        let identities = self.components.iter().filter_map(|((_, name), component)| {
            let identity = component.declaration().identity.as_ref()?;
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
    async fn metadata_and_schema_list_every_component() {
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
