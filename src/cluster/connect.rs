//! From settings to a client. Nothing is inferred: no `KUBECONFIG`, no in-cluster account, no proxy
//! from the environment. A cluster that nobody named must never be written to.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::{Path, PathBuf},
};

use http::Uri;
use kube::config::AuthInfo;
use secrecy::{ExposeSecret, SecretString};

use super::error::Error;
use crate::http_client::{CONNECT_TIMEOUT, USER_AGENT};

/// How a cluster is reached.
#[derive(Clone, Debug)]
pub enum Connection {
    /// By one context of a kubeconfig.
    Kubeconfig(Kubeconfig),
    /// By the address and the credentials themselves.
    Server(Server),
}

/// A kubeconfig, and the context to use in it.
#[derive(Clone, Debug)]
pub struct Kubeconfig {
    /// Where it is.
    pub source: Source,
    /// Name of the context; the current one if not given.
    pub context: Option<String>,
}

/// Where a kubeconfig is.
#[derive(Clone, Debug)]
pub enum Source {
    /// In this file. Files that it names are relative to it.
    File(PathBuf),
    /// Here.
    Text(SecretString),
}

/// An API server, and how to be let in.
#[derive(Clone, Debug)]
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

/// A client, and what messages about its calls show and hide.
pub(super) struct Session {
    pub(super) client: kube::Client,
    /// Scheme, name and port of the server.
    pub(super) host: String,
    /// What a server may reflect, and no message may show.
    pub(super) secrets: Vec<SecretString>,
}

/// Without the client, which has nothing to show.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Connection {
    /// Reads files and makes a client. The network is not used before its first call.
    pub(super) async fn open(&self) -> Result<Session, Error> {
        let connection = self.clone();
        // Files are read, and perhaps all certificates of the system: not on a thread of others.
        match tokio::task::spawn_blocking(move || connection.session()).await {
            Ok(session) => session,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(self.unusable(error.to_string())),
            },
        }
    }

    fn session(&self) -> Result<Session, Error> {
        let config = self.config()?;
        let host = origin(&config.cluster_url);
        let secrets = secrets(&config.auth_info);
        let needs_trust_store = config.root_cert.is_none();
        let client = kube::Client::try_from(config).map_err(|error| match error {
            // The certificates of the system are loaded where none are given, and are the only ones
            // that can fail here.
            kube::Error::RustlsTls(error) if needs_trust_store => Error::NoTrustStore(error.into()),
            error => self.unusable(error.to_string()),
        })?;
        Ok(Session { client, host, secrets })
    }

    fn config(&self) -> Result<kube::Config, Error> {
        let mut config = match self {
            Self::Kubeconfig(kubeconfig) => kubeconfig.config(self)?,
            Self::Server(server) => server.config()?,
        };
        let AuthInfo { token, token_file, password, .. } = &config.auth_info;
        let secret = token.is_some() || token_file.is_some() || password.is_some();
        if secret && can_be_overheard(&config.cluster_url) {
            let problem = "the token would be readable on the network over http; use https";
            return Err(self.unusable(problem.to_owned()));
        }
        // The client loads the certificates of the system before it knows whether it needs them.
        if config.accept_invalid_certs || config.cluster_url.scheme_str() == Some("http") {
            config.root_cert.get_or_insert_default();
        }
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        // Retries and the time for an answer are the business of `call`.
        config.default_retry = false;
        config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(USER_AGENT)));
        Ok(config)
    }

    fn unusable(&self, problem: String) -> Error {
        let what = match self {
            Self::Kubeconfig(Kubeconfig { source: Source::File(path), .. }) => {
                format!("the kubeconfig {}", path.display())
            }
            Self::Kubeconfig(_) => "the kubeconfig".to_owned(),
            Self::Server(_) => "the connection to the API server".to_owned(),
        };
        Error::Settings { what, problem }
    }
}

impl Kubeconfig {
    fn config(&self, connection: &Connection) -> Result<kube::Config, Error> {
        let unusable = |problem: String| connection.unusable(problem);
        let mut kubeconfig = match &self.source {
            Source::File(path) => {
                check_path(path)?;
                check_file(path).map_err(unusable)?;
                kube::config::Kubeconfig::read_from(path)
            }
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
            return Err(unusable(format!("it has no such context; it has {contexts}")));
        }
        for file in files(&kubeconfig, &context) {
            check_file(&file)
                .map_err(|problem| unusable(format!("{}: {problem}", file.display())))?;
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
            .filter(|url: &Uri| {
                let plain = url.query().is_none() && !self.host.contains(['@', '#']);
                plain && matches!(url.scheme_str(), Some("http" | "https"))
            })
            .ok_or_else(|| {
                // The text may hold a password.
                let problem = "expected an http or https URL without user, password or query, such \
                               as `https://10.0.0.1:6443`";
                unusable("the host", problem.to_owned())
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

/// The content of a kubeconfig in place of its path holds credentials, which no message may show.
fn check_path(path: &Path) -> Result<(), Error> {
    let text = path.as_os_str();
    let bytes = text.as_encoded_bytes();
    let is_content = bytes.windows(2).any(|pair| pair == b": " || pair == b"\":")
        || bytes.iter().any(|byte| byte.is_ascii_control() || b"{\"".contains(byte));
    if is_content || text.len() > LONGEST_PATH {
        return Err(Error::Settings {
            what: "the path of the kubeconfig".to_owned(),
            problem: "expected the path of a file, not its content".to_owned(),
        });
    }
    Ok(())
}

/// Whether a file can be read to its end: a pipe may block, and a device has no end. What does not
/// exist is left to the reader.
fn check_file(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err("it is not a regular file".to_owned()),
        Ok(metadata) if metadata.len() > LONGEST_FILE => {
            Err(format!("it is larger than {} MiB", LONGEST_FILE / 1024 / 1024))
        }
        _ => Ok(()),
    }
}

/// The longest path that Linux takes.
const LONGEST_PATH: usize = 4096;

/// In bytes; kubeconfigs with embedded certificates have some ten thousand.
const LONGEST_FILE: u64 = 4 * 1024 * 1024;

/// The files that a context of a kubeconfig names.
fn files(kubeconfig: &kube::config::Kubeconfig, context: &str) -> Vec<PathBuf> {
    let context = kubeconfig.contexts.iter().find(|named| named.name == context);
    let context = context.and_then(|named| named.context.as_ref());
    let cluster = kubeconfig
        .clusters
        .iter()
        .filter(|named| context.is_some_and(|context| context.cluster == named.name));
    let user = kubeconfig
        .auth_infos
        .iter()
        .filter(|named| context.is_some_and(|context| context.user.as_ref() == Some(&named.name)));
    let of_user = |user: &AuthInfo| {
        [&user.client_certificate, &user.client_key, &user.token_file].map(Clone::clone)
    };
    cluster
        .filter_map(|named| named.cluster.as_ref()?.certificate_authority.clone())
        .chain(user.filter_map(|named| named.auth_info.as_ref()).flat_map(of_user).flatten())
        .map(PathBuf::from)
        .collect()
}

/// What travels with the requests of a user.
fn secrets(user: &AuthInfo) -> Vec<SecretString> {
    let file = user.token_file.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    let file = file.map(|token| SecretString::from(token.trim()));
    [user.token.clone(), user.password.clone(), file].into_iter().flatten().collect()
}

/// Whether what is sent there leaves this machine without encryption.
fn can_be_overheard(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let here = host.parse().map_or(host == "localhost", |address: IpAddr| address.is_loopback());
    url.scheme_str() == Some("http") && !here
}

/// Scheme, name and port: what a message may show of a URL.
fn origin(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("https");
    match (url.host().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{scheme}://{host}:{port}"),
        (host, None) => format!("{scheme}://{host}"),
    }
}

/// Every connection that is refused, for the snapshot of all messages.
#[cfg(test)]
pub(crate) fn refused_connections() -> Vec<Result<(), Error>> {
    let text = "{apiVersion: v1, kind: Config, contexts: [{name: plugin, context: {cluster: a, user: \
        plugin}}, {name: proxy, context: {cluster: proxy, user: none}}, {name: open, context: \
        {cluster: open, user: token}}], clusters: [{name: a, cluster: {server: 'https://a'}}, \
        {name: proxy, cluster: {server: 'https://a', proxy-url: 'http://p'}}, {name: open, cluster: \
        {server: 'http://a.test'}}], users: [{name: plugin, user: {exec: {command: x}}}, {name: none, \
        user: {}}, {name: token, user: {token: x}}]}";
    let kubeconfig = |source: Source, context: Option<&str>| {
        let context = context.map(str::to_owned);
        Connection::Kubeconfig(Kubeconfig { source, context })
    };
    let in_text = |context| kubeconfig(Source::Text(text.into()), context);
    let server = |host: &str, token: Option<&str>, authority: Option<&str>| {
        Connection::Server(Server {
            host: host.to_owned(),
            token: token.map(Into::into),
            certificate_authority: authority.map(str::to_owned),
            tls_server_name: None,
            insecure: false,
        })
    };
    let connections = [
        in_text(None),
        in_text(Some("absent")),
        in_text(Some("plugin")),
        in_text(Some("proxy")),
        in_text(Some("open")),
        kubeconfig(Source::Text("[".into()), None),
        kubeconfig(Source::File("/dev/zero".into()), None),
        kubeconfig(Source::File("/nowhere/config".into()), None),
        kubeconfig(Source::File("{apiVersion: v1}".into()), None),
        server("ftp://a", None, None),
        server("https://a", Some("a b"), None),
        server("https://a", None, Some("a")),
        server("http://a.test", Some("a"), None),
    ];
    connections.iter().map(|connection| connection.config().map(drop)).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::cluster::{Cluster, NoConnection, ObjectRef, api::SecurityGroupPolicy};

    fn server(host: &str) -> Server {
        Server {
            host: host.to_owned(),
            token: None,
            certificate_authority: None,
            tls_server_name: None,
            insecure: false,
        }
    }

    fn kubeconfig(text: &str, context: Option<&str>) -> Connection {
        Connection::Kubeconfig(Kubeconfig {
            source: Source::Text(text.into()),
            context: context.map(str::to_owned),
        })
    }

    const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: blue
contexts:
- {name: blue, context: {cluster: blue, user: token}}
- {name: red, context: {cluster: red, user: plugin}}
- {name: old, context: {cluster: red, user: legacy}}
- {name: far, context: {cluster: proxied, user: token}}
- {name: lost, context: {cluster: none, user: token}}
clusters:
- {name: blue, cluster: {server: 'https://blue.test:6443', tls-server-name: inner.test}}
- {name: red, cluster: {server: 'https://red.test', insecure-skip-tls-verify: true}}
- {name: proxied, cluster: {server: 'https://far.test', proxy-url: 'http://proxy.test'}}
users:
- {name: token, user: {token: secret-one}}
- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token}}}
- {name: legacy, user: {auth-provider: {name: gcp}}}
";

    #[test]
    fn kubeconfig_context_is_selected_or_refused() {
        let listed = "`blue`, `far`, `lost`, `old`, `red`";
        let plugin = "its user gets credentials from a plugin";
        let no_current = KUBECONFIG.replace("current-context: blue", "");
        let cases = [
            (KUBECONFIG, None, Ok("https://blue.test:6443")),
            (KUBECONFIG, Some("blue"), Ok("https://blue.test:6443")),
            (KUBECONFIG, Some("green"), Err(format!("it has no such context; it has {listed}"))),
            (&no_current, None, Err(format!("it has no current context; it has {listed}"))),
            (KUBECONFIG, Some("red"), Err(plugin.to_owned())),
            (KUBECONFIG, Some("old"), Err(plugin.to_owned())),
            (KUBECONFIG, Some("far"), Err("its `proxy-url` is not supported yet".to_owned())),
            (KUBECONFIG, Some("lost"), Err("failed to load the cluster of context".to_owned())),
        ];
        for (text, context, expected) in cases {
            let config = kubeconfig(text, context).config();
            match (config, expected) {
                (Ok(config), Ok(url)) => assert_eq!(origin(&config.cluster_url), url),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(&part), "{error}");
                }
                (config, expected) => panic!("{context:?}: {config:?} is not {expected:?}"),
            }
        }
    }

    #[test]
    fn client_ignores_environment_and_has_no_retries() {
        let config = kubeconfig(KUBECONFIG, None).config().unwrap();
        assert!(!config.default_retry);
        assert_eq!(config.proxy_url, None);
        assert_eq!(config.tls_server_name.as_deref(), Some("inner.test"));
        assert_eq!(config.connect_timeout, Some(CONNECT_TIMEOUT));
    }

    #[test]
    fn malformed_kubeconfig_is_not_quoted() {
        let broken = "users:\n- name: a\n  user:\n    token: secret-one\n   x: [\n";
        let error = kubeconfig(broken, None).config().unwrap_err();
        assert_eq!(error.to_string(), "the kubeconfig cannot be used: it is not valid YAML");
        let shown = format!("{error:?} {:?}", kubeconfig(KUBECONFIG, None));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn missing_kubeconfig_is_named_by_its_path() {
        let connection = Connection::Kubeconfig(Kubeconfig {
            source: Source::File("/nowhere/config".into()),
            context: None,
        });
        let error = connection.config().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the kubeconfig /nowhere/config cannot be used: No such file or directory (os error 2)"
        );
    }

    #[test]
    fn host_is_an_http_or_https_url() {
        let cases = [
            ("10.0.0.1:6443", Some("https://10.0.0.1:6443")),
            ("http://127.0.0.1:8001", Some("http://127.0.0.1:8001")),
            ("https://a.test/prefix", Some("https://a.test")),
            ("https://user:pass@a.test/prefix", None),
            ("https://a.test/?token=x", None),
            ("https://[::1]:6443", Some("https://[::1]:6443")),
            ("ftp://a.test", None),
            ("https://", None),
            ("a b", None),
            ("", None),
        ];
        for (host, expected) in cases {
            let url = server(host).config().ok().map(|config| origin(&config.cluster_url));
            assert_eq!(url.as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn invalid_token_or_certificate_is_refused() {
        let with = |token: &str, authority: Option<&str>| {
            let certificate_authority = authority.map(str::to_owned);
            let server =
                Server { token: Some(token.into()), certificate_authority, ..server("a.test") };
            server.config().map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(with(" abc.def\n", None), Ok(()));
        for token in ["", " ", "a b", "a\nb", "ä"] {
            assert!(with(token, None).unwrap_err().starts_with("the token cannot be used"));
        }
        let block = |tag| format!("-----BEGIN {tag}-----\nAAAA\n-----END {tag}-----\n");
        assert_eq!(with("abc", Some(&block("CERTIFICATE"))), Ok(()));
        for authority in ["", "AAAA", &block("PRIVATE KEY"), "-----BEGIN CERTIFICATE-----\n"] {
            let error = with("abc", Some(authority)).unwrap_err();
            assert!(error.starts_with("the CA certificate cannot be used"), "{error}");
        }
    }

    #[test]
    fn token_is_sent_over_http_to_loopback_only() {
        let with = |host: &str, token: Option<&str>| {
            let token = token.map(Into::into);
            Connection::Server(Server { token, ..server(host) }).config().is_ok()
        };
        for host in ["http://127.0.0.1:8001", "http://[::1]", "http://localhost:80", "a.test"] {
            assert!(with(host, Some("abc")), "{host}");
        }
        for host in ["http://a.test", "http://10.0.0.1:8080", "http://localhost.a.test"] {
            assert!(!with(host, Some("abc")), "{host}");
            assert!(with(host, None), "{host}");
        }
        let open = KUBECONFIG.replace("https://blue", "http://blue");
        let error = kubeconfig(&open, None).config().unwrap_err().to_string();
        assert!(error.ends_with("readable on the network over http; use https"), "{error}");
    }

    /// A server that says of everything that it is absent, and counts connections.
    async fn absent_server() -> (String, &'static AtomicUsize, tokio::task::JoinHandle<String>) {
        let connections: &'static AtomicUsize = Box::leak(Box::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let body = r#"{"kind":"Status","details":{"name":"app","kind":"securitygrouppolicies"},"message":"no"}"#;
        let head = tokio::spawn(async move {
            let mut first = String::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::Relaxed);
                let mut buffer = [0; 4096];
                let length = socket.read(&mut buffer).await.unwrap();
                first.push_str(&String::from_utf8_lossy(&buffer[..length]));
                let answer = format!(
                    "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                socket.write_all(answer.as_bytes()).await.unwrap();
                if first.contains("/last") {
                    return first;
                }
            }
        });
        (address, connections, head)
    }

    async fn find(cluster: &Cluster, name: &str) -> Result<bool, Error> {
        let at = ObjectRef { namespace: "shop".into(), name: name.into() };
        let found = cluster.find::<SecurityGroupPolicy>(&at, &CancellationToken::new()).await;
        found.map(|object| object.is_some())
    }

    #[tokio::test]
    async fn requests_have_the_user_agent() {
        let (address, connections, head) = absent_server().await;
        let token = Some("secret-one".into());
        let connection = Server { token, ..server(&format!("http://{address}")) };
        let cluster = Cluster::new(Ok(Connection::Server(connection)));
        assert_eq!(
            connections.load(Ordering::Relaxed),
            0,
            "nothing is opened before the first use"
        );
        assert!(!find(&cluster, "last").await.unwrap());
        let head = head.await.unwrap().to_ascii_lowercase();
        assert!(head.contains(&format!("user-agent: {USER_AGENT}")), "{head}");
        assert!(head.contains("authorization: bearer secret-one"), "{head}");
    }

    #[tokio::test]
    async fn one_client_serves_all_and_a_failure_is_not_kept() {
        let path = std::env::temp_dir().join(format!("kubeconfig-{}", std::process::id()));
        let connection = Connection::Kubeconfig(Kubeconfig {
            source: Source::File(path.clone()),
            context: None,
        });
        let cluster = Cluster::new(Ok(connection));
        assert!(matches!(cluster.session().await, Err(Error::Settings { .. })));

        std::fs::write(&path, KUBECONFIG).unwrap();
        let (one, two) = tokio::join!(cluster.session(), cluster.session());
        assert!(std::ptr::eq(one.unwrap(), two.unwrap()));
        std::fs::remove_file(&path).unwrap();
        assert!(cluster.clone().session().await.is_ok());
    }

    #[tokio::test]
    async fn missing_connection_is_an_error_at_first_use() {
        let cases = [
            (NoConnection::NotConfigured, "no cluster is configured"),
            (NoConnection::Unknown, "the connection to the cluster is known only after apply"),
        ];
        for (missing, expected) in cases {
            let error = find(&Cluster::new(Err(missing)), "app").await.unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    fn refused(connection: &Connection) -> String {
        connection.config().unwrap_err().to_string()
    }

    #[test]
    fn kubeconfig_that_cannot_be_read_to_its_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let large = folder.path().join("large");
        std::fs::File::create(&large).unwrap().set_len(LONGEST_FILE + 1).unwrap();
        let naming = folder.path().join("naming-a-device");
        let device = "certificate-authority: /dev/zero, server: 'https://blue.test:6443'";
        let text = KUBECONFIG.replace("server: 'https://blue.test:6443'", device);
        std::fs::write(&naming, text).unwrap();
        for (path, problem) in [
            (Path::new("/dev/zero"), "it is not a regular file"),
            (&pipe, "it is not a regular file"),
            (folder.path(), "it is not a regular file"),
            (&large, "it is larger than 4 MiB"),
            (&naming, "/dev/zero: it is not a regular file"),
        ] {
            let source = Source::File(path.to_owned());
            let error = refused(&Connection::Kubeconfig(Kubeconfig { source, context: None }));
            let path = path.display();
            assert_eq!(error, format!("the kubeconfig {path} cannot be used: {problem}"));
        }
    }

    #[test]
    fn refused_settings_are_not_quoted() {
        let file = |path: &str| {
            let source = Source::File(path.into());
            Connection::Kubeconfig(Kubeconfig { source, context: None })
        };
        let long = format!("hidden{}", "x".repeat(LONGEST_PATH));
        for connection in [
            file("apiVersion: v1\nusers: [{name: a, user: {token: hidden}}]"),
            file(r#"{"apiVersion":"v1","users":[{"user":{"token":"hidden"}}]}"#),
            file("token: hidden"),
            file(&long),
            Connection::Server(server("https://me:hidden@cluster.test")),
            Connection::Server(server("https://cluster.test/?token=hidden")),
            Connection::Server(server("hidden token\nof another variable")),
            Connection::Server(server("ftp://hidden")),
        ] {
            let error = refused(&connection);
            assert!(!error.contains("hidden"), "{error}");
            assert!(error.contains("expected"), "{error}");
        }
    }

    #[tokio::test]
    async fn unreachable_server_is_a_connect_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        let cluster = Cluster::new(Ok(Connection::Server(server(&format!("http://{closed}")))));
        cluster.session().await.unwrap();
        let cancel = CancellationToken::new();
        let at = ObjectRef { namespace: "shop".into(), name: "app".into() };
        let soon = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            cancel.cancel();
        };
        let (error, ()) = tokio::join!(cluster.find::<SecurityGroupPolicy>(&at, &cancel), soon);
        let error = error.unwrap_err();
        assert!(!error.is_ambiguous());
        assert_eq!(error.to_string(), format!("cannot connect to http://{closed}"));
    }

    #[tokio::test]
    async fn server_without_tls_is_a_tls_error_at_once() {
        let (address, connections, _head) = absent_server().await;
        let cluster = Cluster::new(Ok(Connection::Server(server(&format!("https://{address}")))));
        let error = find(&cluster, "app").await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot establish TLS with https://{address}"));
        assert_eq!(connections.load(Ordering::Relaxed), 1, "what cannot pass is not tried again");
    }
}
