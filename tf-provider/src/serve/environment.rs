//! What core tells a plugin through its environment.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::Error;

/// The environment, as far as it concerns a plugin.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    cookie: String,
    versions: String,
    /// The certificate that core will show, in PEM. Without it core speaks plaintext.
    pub(crate) client_certificate: Option<String>,
    /// Whether core reads a seventh field of the handshake line.
    pub(crate) multiplex: bool,
    pub(crate) socket: SocketWishes,
    /// What the user wants logged: the most specific variable that is set.
    pub(crate) log: String,
}

/// Where core wants the socket, and whose it should be.
#[derive(Debug)]
pub(crate) struct SocketWishes {
    /// A folder that core has made for it.
    pub(crate) folder: Option<PathBuf>,
    /// A group, by name or number, that may connect.
    pub(crate) group: Option<String>,
    /// Where folders of our own go.
    pub(crate) temporary: PathBuf,
}

impl Environment {
    /// Reads the environment of this process for the provider of this name.
    pub(crate) fn read(name: &str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this layer's one reader of the environment")]
        Self::from(name, |variable| std::env::var_os(variable))
    }

    fn from(name: &str, get: impl Fn(&str) -> Option<OsString>) -> Self {
        // An empty variable is as good as none, for core too.
        let get = |variable: &str| get(variable).filter(|value| !value.is_empty());
        let text = |variable: &str| get(variable).and_then(|value| value.into_string().ok());
        let own_log = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
        Self {
            cookie: text("TF_PLUGIN_MAGIC_COOKIE").unwrap_or_default(),
            versions: text("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_default(),
            client_certificate: text("PLUGIN_CLIENT_CERT"),
            multiplex: get("PLUGIN_MULTIPLEX_GRPC").is_some(),
            socket: SocketWishes {
                folder: get("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
                group: text("PLUGIN_UNIX_SOCKET_GROUP"),
                temporary: std::env::temp_dir(),
            },
            log: text(&own_log)
                .or_else(|| text("TF_LOG_PROVIDER"))
                .or_else(|| text("TF_LOG"))
                .unwrap_or_default(),
        }
    }

    /// Whether the one who started us is a core, and one that we can talk to.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.cookie != COOKIE {
            return Err(Error::NotRunByTerraform);
        }
        if !self.versions.split(',').any(|version| version.trim() == "6") {
            return Err(Error::Version { offered: self.versions.clone() });
        }
        Ok(())
    }
}

impl Default for SocketWishes {
    fn default() -> Self {
        Self { folder: None, group: None, temporary: Path::new("/tmp").to_owned() }
    }
}

/// What Terraform and OpenTofu say to a plugin so that it knows who started it. No secret.
pub(crate) const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from("big-cloud", |wanted| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn ok_versions() {
        for versions in ["5,6", "6,5", "6", "5, 6", "6,7"] {
            let variables =
                [("TF_PLUGIN_MAGIC_COOKIE", COOKIE), ("PLUGIN_PROTOCOL_VERSIONS", versions)];
            assert!(environment(&variables).check().is_ok(), "{versions}");
        }
    }

    #[test]
    fn err_versions() {
        for versions in ["", "5", "4,5", "16,60", "5;6"] {
            let variables =
                [("TF_PLUGIN_MAGIC_COOKIE", COOKIE), ("PLUGIN_PROTOCOL_VERSIONS", versions)];
            let refused = environment(&variables).check();
            assert!(matches!(refused, Err(Error::Version { .. })), "{versions}");
        }
    }

    #[test]
    fn err_cookie() {
        for cookie in ["", "d602", &COOKIE.to_uppercase()] {
            let variables = [("TF_PLUGIN_MAGIC_COOKIE", cookie), ("PLUGIN_PROTOCOL_VERSIONS", "6")];
            let refused = environment(&variables).check();
            assert!(matches!(refused, Err(Error::NotRunByTerraform)), "{cookie}");
        }
    }

    #[test]
    fn the_most_specific_log_variable_wins() {
        #[track_caller]
        fn check(variables: &[(&str, &str)], log: &str) {
            assert_eq!(environment(variables).log, log);
        }
        let all = [("TF_LOG_PROVIDER_BIG_CLOUD", "a"), ("TF_LOG_PROVIDER", "b"), ("TF_LOG", "c")];
        check(&all, "a");
        check(&all[1..], "b");
        check(&all[2..], "c");
        check(&[], "");
        check(&[("TF_LOG_PROVIDER", ""), ("TF_LOG", "c")], "c");
        check(&[("TF_LOG_PROVIDER_OTHER", "a")], "");
    }

    #[test]
    fn an_empty_variable_is_none() {
        let variables = [("PLUGIN_CLIENT_CERT", ""), ("PLUGIN_UNIX_SOCKET_DIR", "")];
        let environment = environment(&variables);
        assert!(environment.client_certificate.is_none());
        assert!(environment.socket.folder.is_none());
    }
}
