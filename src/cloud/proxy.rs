//! Proxies on the way to the cloud. Nothing is read from the environment here: the caller says which.

use std::{fmt, str::FromStr};

use reqwest::Url;

use crate::parse_error::ParseError;

/// Which proxy takes what.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For services that are reached by HTTPS.
    pub https: Option<Proxy>,
    /// For services that are reached without TLS.
    pub http: Option<Proxy>,
    /// What is reached directly, as `NO_PROXY` lists it. This machine always is.
    pub except: String,
}

/// A proxy, perhaps with a name and a password. Printing it shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy(Url);

/// What no proxy should be asked for, whatever the user says.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

impl Proxies {
    /// Whether a call to this URL, or to the proxy on the way, is made with TLS.
    pub(super) fn need_tls(&self, url: &Url) -> bool {
        let proxied = self.http.as_ref().is_some_and(|Proxy(proxy)| proxy.scheme() == "https");
        url.scheme() == "https" || proxied
    }

    /// The client that goes through them, and reads no variable for itself.
    pub(super) fn apply(
        &self,
        mut builder: reqwest::ClientBuilder,
    ) -> reqwest::Result<reqwest::ClientBuilder> {
        let except = format!("{},{THIS_MACHINE}", self.except);
        let except = || reqwest::NoProxy::from_string(&except);
        builder = builder.no_proxy();
        if let Some(Proxy(url)) = &self.https {
            builder = builder.proxy(reqwest::Proxy::https(url.clone())?.no_proxy(except()));
        }
        if let Some(Proxy(url)) = &self.http {
            builder = builder.proxy(reqwest::Proxy::http(url.clone())?.no_proxy(except()));
        }
        Ok(builder)
    }
}

impl FromStr for Proxy {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        url.parse()
            .ok()
            .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .map(Self)
            .ok_or_else(|| {
                ParseError::expected("the URL of a proxy, such as `http://proxy.example:3128`")
            })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), super::endpoint::host(&self.0))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_url_is_parsed_and_shown_without_credentials() {
        for (text, shown) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            ("https://me:hidden@proxy.example/", "https://proxy.example"),
        ] {
            assert_eq!(text.parse::<Proxy>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn invalid_proxy_is_refused_without_quoting_it() {
        for text in ["", "ftp://me:hidden@x", "http://", "http://hidden@:1"] {
            let error = text.parse::<Proxy>().unwrap_err().to_string();
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}
