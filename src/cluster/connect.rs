//! From settings to a client. Nothing is inferred: no `KUBECONFIG`, no in-cluster account, no proxy
//! from the environment. A cluster that nobody named must never be written to.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use secrecy::{ExposeSecret, SecretString};

use super::error::Error;

/// How a cluster is reached.
#[derive(Debug, Clone)]
pub enum Connection {
    /// By one context of a kubeconfig.
    Kubeconfig(Kubeconfig),
    /// By the address and the credentials themselves.
    Server(Server),
}

/// A kubeconfig, and the context to use in it.
#[derive(Debug, Clone)]
pub struct Kubeconfig {
    /// Where it is.
    pub source: Source,
    /// Name of the context; the current one if not given.
    pub context: Option<String>,
}

/// Where a kubeconfig is.
#[derive(Debug, Clone)]
pub enum Source {
    /// In this file. Files that it names are relative to it.
    File(PathBuf),
    /// Here.
    Text(SecretString),
}

/// An API server, and how to be let in.
#[derive(Debug, Clone)]
pub struct Server {
    /// URL of the API server. Without a scheme it is `https`.
    pub host: String,
    /// Bearer token.
    pub token: Option<SecretString>,
    /// Certificates to trust, in PEM; those of the system if not given.
    pub certificate_authority: Option<String>,
    /// Name expected in the server's certificate, if not that of the host.
    pub tls_server_name: Option<String>,
    /// Whether to accept any certificate.
    pub insecure: bool,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// This setting is not there.
    NotConfigured(String),
    /// This setting is known only after apply.
    NotYetKnown(String),
}

impl From<Missing> for Error {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::NotConfigured(which) => Self::NotConfigured { which },
            Missing::NotYetKnown(which) => Self::NotYetKnown { which },
        }
    }
}

/// A client, and the name of its server for messages.
pub(super) struct Session {
    pub(super) client: kube::Client,
    pub(super) host: String,
}

/// Without the client, which has nothing to show.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("host", &self.host).finish_non_exhaustive()
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("terraform-provider-tke/", env!("CARGO_PKG_VERSION"));

impl Connection {
    /// Reads files and makes a client. The network is not used before its first call.
    pub(super) async fn open(&self) -> Result<Session, Error> {
        let connection = self.clone();
        // Files are read, and perhaps all certificates of the system: not on a thread of others.
        match tokio::task::spawn_blocking(move || connection.session()).await {
            Ok(session) => session,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn session(&self) -> Result<Session, Error> {
        let config = self.config()?;
        let host = origin(&config.cluster_url);
        let client = kube::Client::try_from(config).map_err(|error| self.unusable(error))?;
        Ok(Session { client, host })
    }

    fn config(&self) -> Result<kube::Config, Error> {
        let mut config = match self {
            Self::Kubeconfig(kubeconfig) => kubeconfig.config(self)?,
            Self::Server(server) => server.config()?,
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        // Retries and the time for an answer are the business of `call`.
        config.default_retry = false;
        config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(USER_AGENT)));
        Ok(config)
    }

    fn unusable(&self, problem: impl ToString) -> Error {
        let what = match self {
            Self::Kubeconfig(Kubeconfig { source: Source::File(path), .. }) => {
                format!("the kubeconfig {}", path.display())
            }
            Self::Kubeconfig(_) => "the kubeconfig".to_owned(),
            Self::Server(server) => format!("the connection to {}", server.host),
        };
        Error::Settings { what, problem: problem.to_string() }
    }
}

impl Kubeconfig {
    fn config(&self, connection: &Connection) -> Result<kube::Config, Error> {
        let unusable = |problem: String| connection.unusable(problem);
        let mut kubeconfig = match &self.source {
            Source::File(path) => kube::config::Kubeconfig::read_from(path),
            Source::Text(text) => kube::config::Kubeconfig::from_yaml(text.expose_secret()),
        }
        .map_err(|error| match error {
            // The parser quotes the lines around a mistake, and these may hold a key.
            kube::config::KubeconfigError::Parse(_) => unusable("it is not valid YAML".to_owned()),
            kube::config::KubeconfigError::ReadConfig(error, _) => unusable(error.to_string()),
            error => unusable(error.to_string()),
        })?;

        let contexts: BTreeSet<_> =
            kubeconfig.contexts.iter().map(|context| format!("`{}`", context.name)).collect();
        let contexts = contexts.into_iter().collect::<Vec<_>>().join(", ");
        let context = self.context.clone().or(kubeconfig.current_context.take());
        let Some(context) = context.filter(|context| !context.is_empty()) else {
            return Err(unusable(format!("it has no current context; it has {contexts}")));
        };
        if !kubeconfig.contexts.iter().any(|known| known.name == context) {
            return Err(unusable(format!("it has no context `{context}`; it has {contexts}")));
        }
        kubeconfig.current_context = Some(context);

        for cluster in kubeconfig.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
            // Where a cluster names no proxy, `HTTPS_PROXY` would be read, and `NO_PROXY` compared
            // with the address of that proxy. So each names one here, and it is taken away below.
            cluster.proxy_url.get_or_insert_with(|| NO_PROXY.to_owned());
        }
        let mut config =
            kube::Config::try_from(kubeconfig).map_err(|error| unusable(error.to_string()))?;
        if config.proxy_url.take().is_some_and(|proxy| proxy != NO_PROXY) {
            return Err(unusable("its `proxy-url` is not supported yet".to_owned()));
        }
        let user = &config.auth_info;
        if user.exec.is_some() || user.auth_provider.is_some() {
            return Err(unusable(
                "its user gets credentials from a plugin (`exec` or `auth-provider`), which is not \
                 supported yet; use a user with a token or a client certificate"
                    .to_owned(),
            ));
        }
        Ok(config)
    }
}

const NO_PROXY: &str = "http://no.proxy.invalid/";

impl Server {
    fn config(&self) -> Result<kube::Config, Error> {
        let unusable =
            |what: &str, problem: String| Error::Settings { what: what.to_owned(), problem };
        let url = if self.host.contains("://") {
            self.host.clone()
        } else {
            format!("https://{}", self.host)
        };
        let url: Uri = url
            .parse()
            .ok()
            .filter(|url: &Uri| matches!(url.scheme_str(), Some("http" | "https")))
            .ok_or_else(|| {
                unusable("the host", format!("`{}` is not an http or https URL", self.host))
            })?;
        let mut config = kube::Config::new(url);
        if let Some(token) = &self.token {
            let token = token.expose_secret().trim();
            if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                let problem = "it is empty, or has characters that no token has".to_owned();
                return Err(unusable("the token", problem));
            }
            config.auth_info.token = Some(token.into());
        }
        if let Some(text) = &self.certificate_authority {
            let certificates: Vec<_> = pem::parse_many(text)
                .map_err(|error| unusable("the CA certificate", error.to_string()))?
                .into_iter()
                .filter(|block| block.tag() == "CERTIFICATE")
                .map(pem::Pem::into_contents)
                .collect();
            if certificates.is_empty() {
                let problem = "it holds no certificate in PEM".to_owned();
                return Err(unusable("the CA certificate", problem));
            }
            config.root_cert = Some(certificates);
        }
        config.tls_server_name.clone_from(&self.tls_server_name);
        config.accept_invalid_certs = self.insecure;
        Ok(config)
    }
}

/// Scheme, name and port: what a message may show of a URL.
fn origin(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("https");
    match (url.host().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{scheme}://{host}:{port}"),
        (host, None) => format!("{scheme}://{host}"),
    }
}
