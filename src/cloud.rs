//! Tencent Cloud's API: one generic call, signed, paced, repeated where that is safe.
//!
//! `client` puts a call together from the rest: `sign` (TC3, pure), `limit` (requests per
//! second), `retry` (what may be repeated, and when), `transport` (the only socket), `error`
//! (every failure classified). `api` holds the requests and answers, named as in the reference.
//!
//! Knows neither Terraform nor the cluster, and keeps nothing between calls but connections and
//! the pace of past ones.

mod client;
mod credentials;
mod endpoint;
mod error;
mod kind;
mod limit;
mod proxy;
mod region;
mod retry;
mod sign;
mod transport;

pub mod api;

pub(crate) use self::retry::pause;
pub use self::{
    client::{Client, Config},
    credentials::{Credentials, NoCredentials},
    endpoint::{Domain, Endpoint, Endpoints, Scheme},
    error::{Cause, Error},
    kind::Kind,
    proxy::{Proxies, Proxy},
    region::Region,
    retry::Retry,
    transport::{Failure, Reply, Request, Transport},
};

/// Why a text of the configuration is not what it should be: a sentence for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);
