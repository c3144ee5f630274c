//! Where calls go: `https://<service>.<domain>/` unless configured otherwise.

use std::{collections::BTreeMap, fmt, str::FromStr};

use reqwest::Url;

use super::{Cause, api::Service};
use crate::parse_error::ParseError;

/// Where each service is.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// How to reach what names no scheme of its own.
    pub scheme: Scheme,
    /// What follows the service in a host's name.
    pub domain: Domain,
    /// One place for every service that `services` does not name.
    pub all: Option<Endpoint>,
    /// The place of single services.
    pub services: BTreeMap<Service, Endpoint>,
}

/// Protocol under the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// With TLS.
    #[default]
    Https,
    /// Without; for tests on loopback.
    Http,
}

/// Root domain of all services.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

/// A host with or without port and scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    scheme: Option<Scheme>,
    host: String,
}

impl Endpoints {
    /// Where to send calls of a service. The texts have been checked when they were parsed, so that
    /// an error is a bug, but one that ends one call and not the process.
    pub(super) fn url(&self, service: Service) -> Result<Url, Cause> {
        let endpoint = self.services.get(&service).or(self.all.as_ref());
        let (scheme, host) = match endpoint {
            Some(Endpoint { scheme, host }) => (scheme.unwrap_or(self.scheme), host.clone()),
            None => (self.scheme, self.domain.host(service)),
        };
        let url = format!("{scheme}://{host}/").parse();
        url.map_err(|source: <Url as FromStr>::Err| Cause::Unreachable {
            host,
            source: source.into(),
        })
    }
}

impl Domain {
    fn host(&self, service: Service) -> String {
        format!("{}.{}", service.label(), self.0)
    }
}

/// What the `Host` header will say, and therefore what is signed: the port only if it is unusual.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl Default for Domain {
    fn default() -> Self {
        Self("tencentcloudapi.com".to_owned())
    }
}

impl FromStr for Scheme {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.to_ascii_lowercase().as_str() {
            "https" => Ok(Self::Https),
            "http" => Ok(Self::Http),
            _ => Err(ParseError::expected("`HTTPS` or `HTTP`")),
        }
    }
}

impl FromStr for Domain {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let domain = Self(text.to_owned());
        // What the service's name is put before: of `127.0.0.1` or `x.0x7f`, no host can be made.
        if !text.is_empty() && !text.contains(':') && is_host(&domain.host(Service::Vpc)) {
            Ok(domain)
        } else {
            Err(ParseError::expected("a domain, such as `internal.tencentcloudapi.com`"))
        }
    }
}

impl FromStr for Endpoint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let expected = || {
            ParseError::expected(
                "a host with or without scheme and port, such as `vpc.tencentcloudapi.com` or \
                 `http://127.0.0.1:8080`, and nothing else",
            )
        };
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.parse().ok().ok_or_else(expected)?), rest),
            None => (None, text),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        if is_host(host) { Ok(Self { scheme, host: host.to_owned() }) } else { Err(expected()) }
    }
}

/// Whether `text` is a host and perhaps a port, and nothing else.
fn is_host(text: &str) -> bool {
    !text.contains(['/', '?', '#', '@', '\\', ' '])
        && text.len() <= LONGEST_HOST
        && Url::parse(&format!("https://{text}/")).is_ok_and(|url| url.host_str().is_some())
}

/// The longest name of a host (RFC 1035), with a port.
const LONGEST_HOST: usize = 253 + ":65535".len();

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Https => "https",
            Self::Http => "http",
        })
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{scheme}://")?;
        }
        f.write_str(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(endpoints: &Endpoints, url: &str, host: &str) {
        let found = endpoints.url(Service::Vpc).unwrap();
        assert_eq!((found.as_str(), super::host(&found).as_str()), (url, host));
    }

    #[test]
    fn endpoints_give_urls_and_hosts() {
        let mut endpoints = Endpoints::default();
        check(&endpoints, "https://vpc.tencentcloudapi.com/", "vpc.tencentcloudapi.com");
        endpoints.domain = "internal.tencentcloudapi.com".parse().unwrap();
        check(
            &endpoints,
            "https://vpc.internal.tencentcloudapi.com/",
            "vpc.internal.tencentcloudapi.com",
        );
        endpoints.scheme = "HTTP".parse().unwrap();
        endpoints.all = Some("127.0.0.1:8080".parse().unwrap());
        check(&endpoints, "http://127.0.0.1:8080/", "127.0.0.1:8080");
        endpoints
            .services
            .insert(Service::Vpc, "https://vpc.ap-shanghai-fsi.example:443/".parse().unwrap());
        check(&endpoints, "https://vpc.ap-shanghai-fsi.example/", "vpc.ap-shanghai-fsi.example");
        endpoints.services.insert(Service::Vpc, "http://[::1]:8080".parse().unwrap());
        check(&endpoints, "http://[::1]:8080/", "[::1]:8080");
    }

    #[test]
    fn invalid_endpoint_is_refused_without_quoting_it() {
        let long = "a.".repeat(200);
        for text in [
            "",
            "ftp://x",
            "http://",
            "http://x/path",
            "a b",
            "x?token=hidden",
            "u:hidden@x",
            "https://u:hidden@x",
            "x:99999",
            "AKIDhidden:hidden",
            &long,
        ] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.starts_with("expected a host"), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
        for text in ["", "x:80", "https://x", "x/y", &long] {
            let error = text.parse::<Domain>().unwrap_err().to_string();
            assert_eq!(error, "expected a domain, such as `internal.tencentcloudapi.com`");
        }
    }

    #[test]
    fn domain_whose_last_label_is_a_number_is_refused() {
        for text in ["127.0.0.1", "1", "0x7f", "example.1", "x.0x7f", "[::1]", "0", "1."] {
            assert!(text.parse::<Domain>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_accepted_domain_gives_a_url_for_every_service() {
        for text in ["tencentcloudapi.com", "x", "1a", "example.com.", "xn--fiqs8s", "广州.example"]
        {
            let endpoints = Endpoints { domain: text.parse().unwrap(), ..Endpoints::default() };
            for service in [Service::Vpc, Service::Tke, Service::Tag] {
                endpoints.url(service).unwrap();
            }
        }
    }
}
