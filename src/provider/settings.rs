//! From the provider block and the environment to the client. A function of its arguments.

use std::{collections::BTreeMap, fmt::Display, path::PathBuf, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use tf_provider::{Diagnostic, Maybe, Partial, Result, Text};

use super::{Client, Kubernetes, ProviderConfig, ServiceEndpoints};
use crate::{
    cloud::{self, Credentials, Domain, Endpoint, Endpoints, NoCredentials, Scheme, api::Service},
    cluster::{Cluster, Connection, Kubeconfig, Missing, Server, Source},
    groups::Groups,
    pods::Policies,
};

/// Makes the client. What is not known yet is remembered, and fails the calls that need it.
pub(super) fn client(config: Partial<ProviderConfig>, environment: &Environment) -> Result<Client> {
    let region = environment.text(config.region, "TENCENTCLOUD_REGION")?;
    let cloud = cloud::Client::new(cloud::Config {
        credentials: credentials(
            environment.secret(config.secret_id, "TENCENTCLOUD_SECRET_ID"),
            environment.secret(config.secret_key, "TENCENTCLOUD_SECRET_KEY"),
            environment.secret(config.security_token, "TENCENTCLOUD_SECURITY_TOKEN"),
        ),
        endpoints: endpoints(config.protocol, config.domain, config.endpoints, environment)?,
        ..cloud::Config::default()
    });
    let cluster = Cluster::new(connection(config.kubernetes, environment));
    Ok(Client {
        groups: Groups::new(cloud.clone()),
        policies: Policies::new(cluster),
        cloud,
        default_tags: config.default_tags.and_then(|default| default.tags.into()),
        region,
    })
}

fn credentials(
    secret_id: Maybe<SecretString>,
    secret_key: Maybe<SecretString>,
    token: Maybe<SecretString>,
) -> std::result::Result<Credentials, NoCredentials> {
    if secret_id.is_unknown() || secret_key.is_unknown() || token.is_unknown() {
        return Err(NoCredentials::Unknown);
    }
    match (secret_id.into_known(), secret_key.into_known()) {
        (Some(secret_id), Some(secret_key)) => Ok(Credentials {
            secret_id: secret_id.expose_secret().to_owned(),
            secret_key,
            token: token.into_known(),
        }),
        _ => Err(NoCredentials::Missing),
    }
}

fn endpoints(
    scheme: Maybe<Text<Scheme>>,
    domain: Maybe<Text<Domain>>,
    services: Maybe<ServiceEndpoints>,
    environment: &Environment,
) -> Result<Endpoints> {
    let scheme = environment.text(scheme, "TENCENTCLOUD_PROTOCOL")?.into_known();
    let domain = environment.text(domain, "TENCENTCLOUD_DOMAIN")?.into_known();
    let all = environment.text(Maybe::<Text<Endpoint>>::Null, "TKE_ENDPOINT")?.into_known();
    let own = services
        .into_known()
        .map(|own| [(Service::Vpc, own.vpc), (Service::Tke, own.tke), (Service::Tag, own.tag)]);
    let services = own.into_iter().flatten();
    Ok(Endpoints {
        scheme: scheme.unwrap_or_default(),
        domain: domain.unwrap_or_default(),
        all,
        services: services
            .filter_map(|(service, place)| Some((service, place?.into_value())))
            .collect(),
    })
}

/// The block names one way to the cluster, or none: then the environment may.
fn connection(
    kubernetes: Maybe<Kubernetes>,
    environment: &Environment,
) -> std::result::Result<Connection, Missing> {
    let block = match kubernetes {
        Maybe::Unknown => return Err(Missing::NotYetKnown("kubernetes".to_owned())),
        Maybe::Null => Kubernetes::default(),
        Maybe::Known(block) => block,
    };
    let named = block.config_path.is_some() || block.host.is_some();
    let variable = |name: &str| environment.get(name).map(str::to_owned);
    let config_path =
        block.config_path.or_else(|| if named { None } else { variable("KUBE_CONFIG_PATH") });
    if let Some(path) = config_path {
        return Ok(Connection::Kubeconfig(Kubeconfig {
            source: Source::File(environment.expand(&path)),
            context: block.config_context.or_else(|| variable("KUBE_CTX")),
        }));
    }
    let host = block.host.or_else(|| variable("KUBE_HOST")).ok_or_else(|| {
        Missing::NotConfigured(
            "`kubernetes` of the provider block, or KUBE_CONFIG_PATH or KUBE_HOST in the environment"
                .to_owned(),
        )
    })?;
    Ok(Connection::Server(Server {
        host,
        token: block.token.or_else(|| variable("KUBE_TOKEN").map(SecretString::from)),
        certificate_authority: block
            .cluster_ca_certificate
            .or_else(|| variable("KUBE_CLUSTER_CA_CERT_DATA")),
        tls_server_name: block.tls_server_name.or_else(|| variable("KUBE_TLS_SERVER_NAME")),
        insecure: block
            .insecure
            .unwrap_or_else(|| environment.get("KUBE_INSECURE").is_some_and(|text| text == "true")),
    }))
}

/// Every variable that counts.
const VARIABLES: [&str; 15] = [
    "HOME",
    "KUBE_CLUSTER_CA_CERT_DATA",
    "KUBE_CONFIG_PATH",
    "KUBE_CTX",
    "KUBE_HOST",
    "KUBE_INSECURE",
    "KUBE_TLS_SERVER_NAME",
    "KUBE_TOKEN",
    "TENCENTCLOUD_DOMAIN",
    "TENCENTCLOUD_PROTOCOL",
    "TENCENTCLOUD_REGION",
    "TENCENTCLOUD_SECRET_ID",
    "TENCENTCLOUD_SECRET_KEY",
    "TENCENTCLOUD_SECURITY_TOKEN",
    "TKE_ENDPOINT",
];

/// The variables that are set to something. It holds secrets and is never printed.
pub(super) struct Environment(BTreeMap<&'static str, String>);

impl Environment {
    pub(super) fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| Some((name, read(name).filter(|value| !value.is_empty())?));
        Self(VARIABLES.into_iter().filter_map(set).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(VARIABLES.contains(&name), "{name} is not on the list of what is read");
        self.0.get(name).map(String::as_str)
    }

    fn secret(&self, attribute: Maybe<SecretString>, name: &str) -> Maybe<SecretString> {
        attribute.or(self.get(name).map(SecretString::from).into())
    }

    fn text<T: FromStr<Err: Display>>(
        &self,
        attribute: Maybe<Text<T>>,
        name: &str,
    ) -> Result<Maybe<T>> {
        match (attribute, self.get(name)) {
            (Maybe::Null, Some(variable)) => variable.parse().map(Maybe::Known).map_err(|why| {
                Diagnostic::error(format!("Invalid {name} in the environment"))
                    .detail(format!(
                        "{why}.\n\nWhat to do: correct the variable, or set the attribute of the \
                         provider block that stands for it."
                    ))
                    .into()
            }),
            (attribute, _) => Ok(attribute.map(Text::into_value)),
        }
    }

    /// A leading `~` is the home directory, as in a shell.
    fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), self.get("HOME")) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::of(|name| {
            let set = variables.iter().find(|(variable, _)| *variable == name);
            set.map(|(_, value)| (*value).to_owned())
        })
    }

    /// `?` is unknown, and an empty text null.
    fn maybe<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> Maybe<T> {
        match text {
            "" => Maybe::Null,
            "?" => Maybe::Unknown,
            text => Maybe::Known(text.parse().unwrap()),
        }
    }

    #[test]
    fn an_attribute_wins_over_its_variable() {
        #[track_caller]
        fn check(attribute: &str, variable: &str, expected: &str) {
            let environment = environment(&[("TENCENTCLOUD_REGION", variable)]);
            let config =
                Partial::<ProviderConfig> { region: maybe(attribute), ..Default::default() };
            let client = client(config, &environment).unwrap();
            assert_eq!(*client.planned_region(), maybe(expected), "{attribute} {variable}");
        }
        check("ap-singapore", "ap-guangzhou", "ap-singapore");
        check("ap-singapore", "not a region", "ap-singapore");
        check("", "ap-guangzhou", "ap-guangzhou");
        check("?", "ap-guangzhou", "?");
        check("", "", "");
    }

    #[test]
    fn a_variable_of_the_wrong_form_is_named() {
        for (name, value) in [
            ("TENCENTCLOUD_REGION", "Guangzhou"),
            ("TENCENTCLOUD_PROTOCOL", "GOPHER"),
            ("TENCENTCLOUD_DOMAIN", "https://example.com"),
            ("TKE_ENDPOINT", "http://"),
        ] {
            let refused =
                client(Partial::<ProviderConfig>::default(), &environment(&[(name, value)]));
            let expected = format!("Invalid {name} in the environment");
            assert_eq!(refused.unwrap_err().to_string(), expected, "{value}");
        }
    }

    #[test]
    fn nothing_needs_to_be_known() {
        let config = Partial::<ProviderConfig> {
            region: Maybe::Unknown,
            secret_id: Maybe::Unknown,
            secret_key: Maybe::Unknown,
            security_token: Maybe::Unknown,
            protocol: Maybe::Unknown,
            domain: Maybe::Unknown,
            endpoints: Maybe::Unknown,
            default_tags: Maybe::Unknown,
            kubernetes: Maybe::Unknown,
        };
        let client = client(config, &environment(&[])).unwrap();
        let untold = client.region(None).unwrap_err();
        assert!(untold.iter().all(|one| one.detail.contains("only after apply")), "{untold:?}");
        assert_eq!(client.planned_tags(), None);
    }

    #[test]
    fn credentials_are_whole_or_missing() {
        #[track_caller]
        fn check(id: &str, key: &str, token: &str, expected: Result<&str, NoCredentials>) {
            let secret = |text: &str| maybe::<String>(text).map(SecretString::from);
            let made = credentials(secret(id), secret(key), secret(token));
            let made = made.map(|made| {
                let token = made.token.as_ref().map_or("none", |token| token.expose_secret());
                format!("{} {} {token}", made.secret_id, made.secret_key.expose_secret())
            });
            assert_eq!(made, expected.map(str::to_owned));
        }
        check("id", "key", "", Ok("id key none"));
        check("id", "key", "token", Ok("id key token"));
        check("id", "", "", Err(NoCredentials::Missing));
        check("", "key", "", Err(NoCredentials::Missing));
        check("?", "", "", Err(NoCredentials::Unknown));
        check("id", "key", "?", Err(NoCredentials::Unknown));
    }

    #[test]
    fn one_way_leads_to_the_cluster() {
        #[track_caller]
        fn check(block: Maybe<Kubernetes>, variables: &[(&str, &str)], expected: &str) {
            let way = match connection(block, &environment(variables)) {
                Ok(Connection::Kubeconfig(Kubeconfig { source: Source::File(path), context })) => {
                    format!("{} {}", path.display(), context.as_deref().unwrap_or("none"))
                }
                Ok(Connection::Server(Server { host, token, insecure, .. })) => {
                    let token = token.map_or("none".to_owned(), |it| it.expose_secret().to_owned());
                    format!("{host} {token} {insecure}")
                }
                other => format!("{other:?}"),
            };
            assert_eq!(way, expected);
        }
        let path = |path: &str| {
            Maybe::Known(Kubernetes { config_path: Some(path.into()), ..Kubernetes::default() })
        };
        let host = Kubernetes { host: Some("https://a".into()), ..Kubernetes::default() };
        let host = || Maybe::Known(host.clone());
        check(path("own"), &[("KUBE_CONFIG_PATH", "theirs"), ("KUBE_CTX", "c")], "own c");
        check(path("~/own"), &[("HOME", "/home/me")], "/home/me/own none");
        check(path("own"), &[("KUBE_HOST", "https://b")], "own none");
        check(host(), &[("KUBE_CONFIG_PATH", "theirs"), ("KUBE_TOKEN", "t")], "https://a t false");
        check(Maybe::Null, &[("KUBE_CONFIG_PATH", "p"), ("KUBE_HOST", "https://b")], "p none");
        check(
            Maybe::Null,
            &[("KUBE_HOST", "https://b"), ("KUBE_INSECURE", "true")],
            "https://b none true",
        );
        check(Maybe::Unknown, &[("KUBE_HOST", "https://b")], "Err(NotYetKnown(\"kubernetes\"))");
        let nothing = connection(Maybe::Null, &environment(&[("KUBECONFIG", "theirs")]));
        assert!(matches!(nothing, Err(Missing::NotConfigured(_))), "{nothing:?}");
    }
}
