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
mod error_kind;
mod limit;
mod proxy;
mod region;
mod retry;
mod sign;
mod transport;

pub mod api;

pub use self::{
    client::{Client, Config},
    credentials::{Credentials, NoCredentials},
    endpoint::{Domain, Endpoint, Endpoints, Scheme},
    error::{Cause, Error},
    error_kind::ErrorKind,
    proxy::{Proxies, Proxy},
    region::Region,
    transport::{Failure, Reply, Request, Transport},
};
