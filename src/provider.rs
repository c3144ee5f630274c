//! The provider block: what may be set, what the environment adds, and the list of components.
//!
//! The only reader of the environment. An attribute wins over its variable.

mod settings;

use std::collections::BTreeMap;

use secrecy::SecretString;
use tf_provider::{
    Components, ConfigureCx, Diagnostic, Diagnostics, Model, Normalized, Partial, Provider, Result,
    validate::{each, keys},
};

use self::settings::Environment;
use crate::{
    client::Client,
    cloud::{Domain, Endpoint, Region, Scheme},
    data_sources::Cluster,
    diagnostics::provider::ConnectionConflict,
    groups::{check_tag_key, check_tag_value},
    resources::{SecurityGroup, SecurityGroupPolicy, SecurityGroupRule},
};

/// The provider `tke`.
#[derive(Debug)]
pub struct Tke;

/// Manages both sides of Pod security groups in Tencent Kubernetes Engine (TKE): the CVM security
/// groups and their rules in the cloud, and the `SecurityGroupPolicy` in the cluster that binds
/// groups to Pods.
///
/// Both connections are opened at first use. A configuration of one side needs only that side,
/// and planning needs no cluster. Values that are known only after apply are accepted.
///
/// The cloud is reached through the proxy in `HTTPS_PROXY`, unless excluded by `NO_PROXY`. The
/// cluster is never proxied.
#[derive(Model, Clone, Debug)]
pub struct ProviderConfig {
    /// Region of the cloud resources, such as `ap-guangzhou`. Required only for resources that set
    /// no region of their own. Environment: `TENCENTCLOUD_REGION`.
    region: Option<Normalized<Region>>,
    /// Public half of the API key. Environment: `TENCENTCLOUD_SECRET_ID`.
    secret_id: Option<SecretString>,
    /// Secret half of the API key. Environment: `TENCENTCLOUD_SECRET_KEY`.
    secret_key: Option<SecretString>,
    /// Session token of a temporary API key. Environment: `TENCENTCLOUD_SECURITY_TOKEN`.
    security_token: Option<SecretString>,
    /// `HTTPS`, which is the default, or `HTTP` for a gateway on the same machine.
    /// Environment: `TENCENTCLOUD_PROTOCOL`.
    protocol: Option<Normalized<Scheme>>,
    /// Root domain of the cloud's API, `tencentcloudapi.com` by default. A service is reached at
    /// `<service>.<domain>`. Environment: `TENCENTCLOUD_DOMAIN`.
    domain: Option<Normalized<Domain>>,
    /// Endpoints of single services, instead of `<service>.<domain>`.
    /// Environment: `TKE_ENDPOINT`, one endpoint for all of them.
    endpoints: Option<ServiceEndpoints>,
    /// Tags that every security group gets besides its own.
    default_tags: Option<DefaultTags>,
    /// How the cluster is reached: by a kubeconfig (`config_path`), or by `host` and `token`.
    /// Nothing is inferred: neither `KUBECONFIG` nor an in-cluster account is used.
    kubernetes: Option<Kubernetes>,
}

/// Endpoints of single services, such as `https://vpc.internal.tencentcloudapi.com`.
#[derive(Model, Clone, Debug)]
pub struct ServiceEndpoints {
    /// Endpoint of the VPC API, which manages security groups.
    vpc: Option<Normalized<Endpoint>>,
    /// Endpoint of the TKE API, which manages clusters.
    tke: Option<Normalized<Endpoint>>,
    /// Endpoint of the tag API.
    tag: Option<Normalized<Endpoint>>,
}

/// Tags for every object that can have tags.
#[derive(Model, Clone, Debug)]
pub struct DefaultTags {
    /// Tags by their keys. A resource's own tag of the same key wins.
    #[tf(validate = keys(check_tag_key), validate = each(check_tag_value))]
    tags: Option<BTreeMap<String, String>>,
}

/// How the cluster is reached.
#[derive(Model, Clone, Debug, Default)]
pub struct Kubernetes {
    /// Path of a kubeconfig; a leading `~` is the home directory. Environment: `KUBE_CONFIG_PATH`.
    config_path: Option<String>,
    /// Context in the kubeconfig; the current one by default. Environment: `KUBE_CTX`.
    config_context: Option<String>,
    /// URL of the API server. Environment: `KUBE_HOST`.
    host: Option<String>,
    /// Bearer token for `host`. It is not sent over plain http, except to this machine.
    /// Environment: `KUBE_TOKEN`.
    token: Option<SecretString>,
    /// Certificate of the authority that `host` is verified with, in PEM; those of the operating
    /// system by default. Environment: `KUBE_CLUSTER_CA_CERT_DATA`.
    cluster_ca_certificate: Option<String>,
    /// Name expected in the certificate of `host`, if another. Environment: `KUBE_TLS_SERVER_NAME`.
    tls_server_name: Option<String>,
    /// Whether to accept any certificate of `host`; `false` by default.
    /// Environment: `KUBE_INSECURE`.
    insecure: Option<bool>,
}

impl Provider for Tke {
    const NAME: &'static str = "tke";
    const SOURCE: &'static str = "terraform-provider-tke/tke";
    type Config = ProviderConfig;
    type Client = Client;

    async fn configure(config: Partial<ProviderConfig>, _cx: &ConfigureCx) -> Result<Client> {
        settings::client(config, &environment())
    }

    fn check(config: &Partial<ProviderConfig>) -> Diagnostics {
        config.kubernetes.known().and_then(one_connection).into_iter().collect()
    }

    fn components() -> Components<Client> {
        Components::new()
            .data_source::<Cluster>()
            .resource::<SecurityGroup>()
            .resource::<SecurityGroupPolicy>()
            .resource::<SecurityGroupRule>()
    }
}

/// A cluster is reached in one way; a block that names two would leave open which one counts.
fn one_connection(kubernetes: &Kubernetes) -> Option<Diagnostic> {
    let kubeconfig = kubernetes.config_path.is_some();
    let conflict = if kubeconfig && kubernetes.host.is_some() {
        ConnectionConflict::HostAndKubeconfig
    } else if kubernetes.config_context.is_some() && kubernetes.host.is_some() {
        ConnectionConflict::HostAndContext
    } else if kubernetes.token.is_some() && kubeconfig {
        ConnectionConflict::TokenAndKubeconfig
    } else {
        return None;
    };
    Some(conflict.into())
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> Environment {
    Environment::of(|name| std::env::var(name).ok())
}

#[cfg(test)]
mod tests {
    use tf_provider::{
        describe::describe,
        schema::{Attribute, AttributeType, Object},
    };

    use super::*;

    #[test]
    fn schema_has_no_errors() {
        assert_eq!(tf_provider::schema_errors::<Tke>(), Vec::<String>::new());
    }

    #[test]
    fn conflicting_connection_attributes_are_refused() {
        #[track_caller]
        fn check(set: &[&str], expected: &str) {
            let text = |name: &str| set.contains(&name).then(|| "x".to_owned());
            let kubernetes = Kubernetes {
                config_path: text("config_path"),
                config_context: text("config_context"),
                host: text("host"),
                token: text("token").map(SecretString::from),
                ..Kubernetes::default()
            };
            let found = one_connection(&kubernetes).and_then(|found| found.path);
            let path = found.map_or_else(String::new, |path| path.to_string());
            assert_eq!(path, expected, "{set:?}");
        }
        check(&[], "");
        check(&["config_path", "config_context"], "");
        check(&["host", "token"], "");
        check(&["token"], "");
        check(&["config_path", "host"], "kubernetes.host");
        check(&["config_context", "host"], "kubernetes.config_context");
        check(&["config_path", "token"], "kubernetes.token");
    }

    /// What users' configurations rely on. A line that goes or changes breaks some of them.
    #[test]
    fn public_contract_is_unchanged() {
        let mut lines = Vec::new();
        for one in describe::<Tke>() {
            lines.push(format!("{} {}", one.kind.noun(), one.full_name));
            attributes(&one.object, 1, &mut lines);
            if let Some(identity) = &one.identity {
                lines.push(format!("identity of {}", one.full_name));
                attributes(identity, 1, &mut lines);
            }
        }
        insta::assert_snapshot!(lines.join("\n"));
    }

    fn attributes(object: &Object, depth: usize, lines: &mut Vec<String>) {
        for attribute in &object.attributes {
            let Attribute { name, kind, mode, default, .. } = attribute;
            let ty = match kind {
                AttributeType::Nested(nesting, _) => format!("nested {nesting:?}").to_lowercase(),
                _ => attribute.ty().to_json(),
            };
            let mut line = format!("{:1$}{name}: {mode:?} {ty}", "", 2 * depth);
            let flags = [
                (attribute.requires_replace, "requires-replace"),
                (attribute.unknown_on_update, "unknown-on-update"),
                (attribute.sensitive, "sensitive"),
                (attribute.write_only, "write-only"),
                (attribute.deprecated.is_some(), "deprecated"),
            ];
            line.extend(flags.iter().filter(|(is, _)| *is).map(|(_, flag)| format!(" {flag}")));
            line.extend(default.iter().map(|default| format!(" = {default:?}")));
            lines.push(line);
            if let AttributeType::Nested(_, object) = kind {
                attributes(object, depth + 1, lines);
            }
        }
    }
}
