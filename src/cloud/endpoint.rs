//! Where calls go: `https://<service>.<domain>/` unless told otherwise.

use std::{collections::BTreeMap, fmt, str::FromStr};

use reqwest::Url;

use super::{Invalid, api::Service};

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
    pub(super) fn url(&self, service: Service) -> Url {
        let endpoint = self.services.get(&service).or(self.all.as_ref());
        let text = match endpoint {
            Some(Endpoint { scheme, host }) => {
                format!("{}://{host}/", scheme.unwrap_or(self.scheme))
            }
            None => format!("{}://{}.{}/", self.scheme, service.label(), self.domain),
        };
        text.parse().expect("endpoints and domains are only made from what a URL can hold")
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
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.to_ascii_lowercase().as_str() {
            "https" => Ok(Self::Https),
            "http" => Ok(Self::Http),
            _ => Err(Invalid(format!("`{text}` is not one of HTTPS, HTTP"))),
        }
    }
}

impl FromStr for Domain {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_host(text) && !text.contains(':') {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid(format!(
                "`{text}` is not a domain, which looks like `internal.tencentcloudapi.com`"
            )))
        }
    }
}

impl FromStr for Endpoint {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.parse()?), rest),
            None => (None, text),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        if is_host(host) {
            Ok(Self { scheme, host: host.to_owned() })
        } else {
            Err(Invalid(format!(
                "`{text}` is not an endpoint, which looks like `vpc.tencentcloudapi.com` or \
                 `http://127.0.0.1:8080`"
            )))
        }
    }
}

/// Whether `text` is a host and perhaps a port, and nothing else.
fn is_host(text: &str) -> bool {
    !text.contains(['/', '?', '#', '@', '\\', ' '])
        && Url::parse(&format!("https://{text}/")).is_ok_and(|url| url.host_str().is_some())
}

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
        let found = endpoints.url(Service::Vpc);
        assert_eq!((found.as_str(), super::host(&found).as_str()), (url, host));
    }

    #[test]
    fn ok_urls() {
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
    fn err_says_what_would_do() {
        for text in ["", "ftp://x", "http://", "http://x/path", "a b", "x?y", "u@x", "x:99999"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
        for text in ["", "x:80", "https://x", "x/y"] {
            assert!(text.parse::<Domain>().is_err(), "{text}");
        }
        insta::assert_snapshot!("http://x/path".parse::<Endpoint>().unwrap_err(), @"`http://x/path` is not an endpoint, which looks like `vpc.tencentcloudapi.com` or `http://127.0.0.1:8080`");
        insta::assert_snapshot!("ftp://x".parse::<Endpoint>().unwrap_err(), @"`ftp` is not one of HTTPS, HTTP");
        insta::assert_snapshot!("x/y".parse::<Domain>().unwrap_err(), @"`x/y` is not a domain, which looks like `internal.tencentcloudapi.com`");
    }
}
