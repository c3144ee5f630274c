//! From the provider block and the environment to the client. A function of its arguments.

use std::{collections::BTreeMap, fmt::Display, path::PathBuf, str::FromStr};

use secrecy::SecretString;
use tf_provider::{Maybe, Normalized, Partial, Result};

use super::{Kubernetes, ProviderConfig, ServiceEndpoints};
use crate::{
    client::Client,
    cloud::{
        self, Credentials, Domain, Endpoint, Endpoints, NoCredentials, Proxies, Proxy, Scheme,
        api::Service,
    },
    cluster::{Cluster, Connection, Kubeconfig, NoConnection, Server, Source},
    diagnostics::provider::invalid_variable,
    groups::Groups,
    pods::Policies,
};

/// Makes the client. What is not known yet is remembered, and fails the calls that need it.
pub(super) fn client(config: Partial<ProviderConfig>, environment: &Environment) -> Result<Client> {
    let region = environment.text(config.region, "TENCENTCLOUD_REGION")?;
    let endpoints = endpoints(config.protocol, config.domain, config.endpoints, environment)?;
    let credentials = credentials(
        environment.secret(config.secret_id, "TENCENTCLOUD_SECRET_ID"),
        environment.secret(config.secret_key, "TENCENTCLOUD_SECRET_KEY"),
        environment.secret(config.security_token, "TENCENTCLOUD_SECURITY_TOKEN"),
    );
    let cloud = cloud::Client::new(cloud::Config {
        // The default places would be another cloud, in which nothing of ours exists.
        credentials: match endpoints {
            Some(_) => credentials,
            None => Err(NoCredentials::UnknownHost),
        },
        endpoints: endpoints.unwrap_or_default(),
        proxies: proxies(environment)?,
        ..cloud::Config::default()
    });
    let cluster = Cluster::new(connection(config.kubernetes, environment));
    Ok(Client {
        groups: Groups::new(cloud.clone()),
        policies: Policies::new(cluster),
        cloud,
        default_region: region,
        default_tags: config.default_tags.and_then(|default| default.tags.into()),
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
        (Some(secret_id), Some(secret_key)) => {
            Ok(Credentials { secret_id, secret_key, token: token.into_known() })
        }
        _ => Err(NoCredentials::Missing),
    }
}

/// Where the services are; `None` while any part of it is unknown.
fn endpoints(
    scheme: Maybe<Normalized<Scheme>>,
    domain: Maybe<Normalized<Domain>>,
    services: Maybe<ServiceEndpoints>,
    environment: &Environment,
) -> Result<Option<Endpoints>> {
    if scheme.is_unknown() || domain.is_unknown() || services.is_unknown() {
        return Ok(None);
    }
    let scheme = environment.text(scheme, "TENCENTCLOUD_PROTOCOL")?.into_known();
    let domain = environment.text(domain, "TENCENTCLOUD_DOMAIN")?.into_known();
    let all = environment.text(Maybe::<Normalized<Endpoint>>::Null, "TKE_ENDPOINT")?.into_known();
    let own = services
        .into_known()
        .map(|own| [(Service::Vpc, own.vpc), (Service::Tke, own.tke), (Service::Tag, own.tag)]);
    let services = own.into_iter().flatten();
    Ok(Some(Endpoints {
        scheme: scheme.unwrap_or_default(),
        domain: domain.unwrap_or_default(),
        all,
        services: services
            .filter_map(|(service, place)| Some((service, place?.into_value())))
            .collect(),
    }))
}

/// The variables that every program on the machine goes by, in either spelling.
fn proxies(environment: &Environment) -> Result<Proxies> {
    let proxy = |upper, lower| -> Result<Option<Proxy>> {
        let name = if environment.get(upper).is_some() { upper } else { lower };
        Ok(environment.text(Maybe::<Normalized<Proxy>>::Null, name)?.into_known())
    };
    let except = environment.get("NO_PROXY").or_else(|| environment.get("no_proxy"));
    Ok(Proxies {
        https: proxy("HTTPS_PROXY", "https_proxy")?,
        http: proxy("HTTP_PROXY", "http_proxy")?,
        except: except.unwrap_or_default().to_owned(),
    })
}

/// The block names one way to the cluster, or none: then the environment may.
fn connection(
    kubernetes: Maybe<Kubernetes>,
    environment: &Environment,
) -> std::result::Result<Connection, NoConnection> {
    let block = match kubernetes {
        Maybe::Unknown => return Err(NoConnection::Unknown),
        Maybe::Null => Kubernetes::default(),
        Maybe::Known(block) => block,
    };
    let variable = |name: &str| environment.get(name).map(str::to_owned);
    // Who says anything about a server in the block means no kubeconfig of the environment.
    let server = block.host.is_some()
        || block.token.is_some()
        || block.cluster_ca_certificate.is_some()
        || block.tls_server_name.is_some()
        || block.insecure.is_some();
    let from_environment = || if server { None } else { variable("KUBE_CONFIG_PATH") };
    let named = block.config_path.is_some() || block.config_context.is_some() || server;
    if !named && variable("KUBE_CONFIG_PATH").is_some() && variable("KUBE_HOST").is_some() {
        return Err(NoConnection::Several);
    }
    if let Some(path) = block.config_path.or_else(from_environment) {
        return Ok(Connection::Kubeconfig(Kubeconfig {
            source: Source::File(environment.expand(&path)),
            context: block.config_context.or_else(|| variable("KUBE_CTX")),
        }));
    }
    if block.config_context.is_some() {
        return Err(NoConnection::ContextWithoutKubeconfig);
    }
    let host = block.host.or_else(|| variable("KUBE_HOST")).ok_or(NoConnection::NotConfigured)?;
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
const VARIABLES: [&str; 21] = [
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "KUBE_CLUSTER_CA_CERT_DATA",
    "KUBE_CONFIG_PATH",
    "KUBE_CTX",
    "KUBE_HOST",
    "KUBE_INSECURE",
    "KUBE_TLS_SERVER_NAME",
    "KUBE_TOKEN",
    "NO_PROXY",
    "TENCENTCLOUD_DOMAIN",
    "TENCENTCLOUD_PROTOCOL",
    "TENCENTCLOUD_REGION",
    "TENCENTCLOUD_SECRET_ID",
    "TENCENTCLOUD_SECRET_KEY",
    "TENCENTCLOUD_SECURITY_TOKEN",
    "TKE_ENDPOINT",
    "http_proxy",
    "https_proxy",
    "no_proxy",
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
        attribute: Maybe<Normalized<T>>,
        name: &str,
    ) -> Result<Maybe<T>> {
        match (attribute, self.get(name)) {
            (Maybe::Null, Some(variable)) => {
                let parsed = variable.parse().map(Maybe::Known);
                parsed.map_err(|why| invalid_variable(name, why).into())
            }
            (attribute, _) => Ok(attribute.map(Normalized::into_value)),
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
    use secrecy::ExposeSecret;

    use super::*;

    fn environment(set: &[(&str, &str)]) -> Environment {
        let set: BTreeMap<&str, &str> = set.iter().copied().collect();
        Environment::of(|name| set.get(name).map(|&value| value.to_owned()))
    }

    /// `?` is unknown, and an empty text null.
    fn maybe<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> Maybe<T> {
        match text {
            "" => Maybe::Null,
            "?" => Maybe::Unknown,
            text => Maybe::Known(text.parse().unwrap()),
        }
    }

    /// Which cluster it is, or what is missing.
    fn cluster(block: Kubernetes, set: &[(&str, &str)]) -> String {
        match connection(Maybe::Known(block), &environment(set)) {
            Ok(Connection::Kubeconfig(Kubeconfig { source: Source::File(path), context })) => {
                format!("{} {}", path.display(), context.unwrap_or_default())
            }
            Ok(Connection::Kubeconfig(_)) => "a text".to_owned(),
            Ok(Connection::Server(server)) => server.host,
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn configured_cluster_is_chosen_by_precedence() {
        let text = |text: &str| Some(text.to_owned());
        let none = Kubernetes::default;
        let (path, host) = (("KUBE_CONFIG_PATH", "~/config"), ("KUBE_HOST", "https://env"));
        let home = ("HOME", "/home/me");
        assert_eq!(cluster(none(), &[path, home, ("KUBE_CTX", "dev")]), "/home/me/config dev");
        assert_eq!(cluster(none(), &[host]), "https://env");
        let block = Kubernetes { host: text("https://block"), ..none() };
        assert_eq!(cluster(block.clone(), &[path, host]), "https://block");
        let block = Kubernetes { config_path: text("/k"), config_context: text("prod"), ..none() };
        assert_eq!(cluster(block, &[path, host, ("KUBE_CTX", "dev")]), "/k prod");
        // A token in the block is for a server, whatever kubeconfig there is.
        let block = Kubernetes { token: Some("t".into()), ..none() };
        assert_eq!(cluster(block, &[path, host]), "https://env");
    }

    #[test]
    fn ambiguous_or_missing_cluster_is_refused() {
        let none = Kubernetes::default;
        let (path, host) = (("KUBE_CONFIG_PATH", "/k"), ("KUBE_HOST", "https://env"));
        insta::assert_snapshot!(cluster(none(), &[]), @"no cluster is configured");
        insta::assert_snapshot!(cluster(none(), &[path, host]), @"two clusters are configured: one by a kubeconfig, and one by its address");
        let prod = Kubernetes { config_context: Some("prod".to_owned()), ..none() };
        insta::assert_snapshot!(cluster(prod.clone(), &[host]), @"a kubeconfig context is configured, but no kubeconfig");
        assert_eq!(cluster(prod, &[path, host]), "/k prod");
    }

    #[test]
    fn unknown_endpoint_is_not_the_default_one() {
        let of = |scheme, domain, services| {
            endpoints(scheme, domain, services, &environment(&[])).unwrap().is_some()
        };
        assert!(of(Maybe::Null, Maybe::Null, Maybe::Null));
        assert!(!of(Maybe::Unknown, Maybe::Null, Maybe::Null));
        assert!(!of(Maybe::Null, Maybe::Unknown, Maybe::Null));
        assert!(!of(Maybe::Null, Maybe::Null, Maybe::Unknown));
    }

    #[test]
    fn proxy_variables_are_read_in_either_case() {
        let found = proxies(&environment(&[
            ("https_proxy", "http://me:hidden@proxy.example:3128"),
            ("NO_PROXY", ".internal"),
        ]));
        let found = found.unwrap();
        assert!(found.http.is_none());
        let printed = format!("{found:?}");
        assert!(
            printed.contains("proxy.example:3128") && printed.contains(".internal"),
            "{printed}"
        );
        assert!(!printed.contains("hidden"), "{printed}");
        let Err(refused) = proxies(&environment(&[("HTTPS_PROXY", "ftp://x:hidden@y")])) else {
            panic!("it is no proxy")
        };
        let refused = format!("{refused:?}");
        assert!(refused.contains("HTTPS_PROXY") && !refused.contains("hidden"), "{refused}");
    }

    #[test]
    fn attribute_wins_over_its_variable() {
        #[track_caller]
        fn check(attribute: &str, variable: &str, expected: &str) {
            let environment = environment(&[("TENCENTCLOUD_REGION", variable)]);
            let config =
                Partial::<ProviderConfig> { region: maybe(attribute), ..Default::default() };
            let client = client(config, &environment).unwrap();
            assert_eq!(client.default_region, maybe(expected), "{attribute} {variable}");
        }
        check("ap-singapore", "ap-guangzhou", "ap-singapore");
        check("ap-singapore", "not a region", "ap-singapore");
        check("", "ap-guangzhou", "ap-guangzhou");
        check("?", "ap-guangzhou", "?");
        check("", "", "");
    }

    #[test]
    fn invalid_variable_is_named() {
        for (name, value) in [
            ("TENCENTCLOUD_REGION", "Guangzhou"),
            ("TENCENTCLOUD_PROTOCOL", "GOPHER"),
            ("TENCENTCLOUD_DOMAIN", "https://example.com"),
            ("TKE_ENDPOINT", "http://"),
        ] {
            let refused =
                client(Partial::<ProviderConfig>::default(), &environment(&[(name, value)]));
            let expected = format!("Invalid value of {name} in the environment");
            assert_eq!(refused.unwrap_err().to_string(), expected, "{value}");
        }
    }

    #[test]
    fn client_is_made_of_unknown_configuration() {
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
        let refused = client.region(None).unwrap_err();
        assert!(refused.iter().all(|one| one.detail.contains("only after apply")), "{refused:?}");
        assert_eq!(client.planned_tags(None), Maybe::Unknown);
    }

    #[test]
    fn incomplete_credentials_are_missing() {
        #[track_caller]
        fn check(id: &str, key: &str, token: &str, expected: Result<&str, NoCredentials>) {
            let secret = |text: &str| maybe::<String>(text).map(SecretString::from);
            let made = credentials(secret(id), secret(key), secret(token));
            let made = made.map(|made| {
                let token = made.token.as_ref().map_or("none", |token| token.expose_secret());
                format!(
                    "{} {} {token}",
                    made.secret_id.expose_secret(),
                    made.secret_key.expose_secret()
                )
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
}
