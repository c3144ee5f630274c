//! A local Tencent Cloud and Kubernetes cluster for trying and testing the provider.
//!
//! One loopback port serves three things:
//!
//! | path | what |
//! | --- | --- |
//! | `POST /` | the cloud APIs: the service is that of the signature, the action that of `X-TC-Action` |
//! | `/api`, `/apis`, `/version`, `/readyz` | the Kubernetes API; every request carries `Bearer sandbox-token` |
//! | `/_sandbox/…` | the sandbox itself, see below |
//!
//! It starts with one cluster `my-cluster` in `ap-guangzhou`, the group of its nodes
//! `tke-worker-security-for-my-cluster`, the `SecurityGroupPolicy` definition, and the namespaces
//! `default`, `kube-system` and `my-namespace`.
//!
//! ```
//! # async fn demo() {
//! use serde_json::json;
//! use tke_sandbox::Sandbox;
//! use tke_sandbox::faults::{Fault, Injection};
//!
//! let sandbox = Sandbox::start().await;
//! // Point a client at `sandbox.environment()`. Then inject a fault, or call out of band:
//! sandbox.faults().add(Injection::new("CreateSecurityGroup", Fault::LostResponse));
//! let groups = sandbox.call("vpc", "DescribeSecurityGroups", "ap-guangzhou", json!({})).unwrap();
//! assert_eq!(groups["TotalCount"], 1);
//! assert_eq!(sandbox.log().count("CreateSecurityGroup"), 0);
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(demo());
//! ```
//!
//! # Admin paths
//!
//! Each has a method of [`Sandbox`] that does the same.
//!
//! | request | does | method |
//! | --- | --- | --- |
//! | `POST /_sandbox/reset` | resets state, faults and log | [`Sandbox::reset`] |
//! | `POST /_sandbox/seed` | adds what a [`Seed`] holds; returns `{"groups": [ids]}` | [`Sandbox::seed`] |
//! | `POST /_sandbox/faults` | adds an [`Injection`](faults::Injection) | [`Faults::add`] |
//! | `DELETE /_sandbox/faults` | removes all faults | [`Faults::clear`] |
//! | `GET /_sandbox/log` | every request so far, a list of [`Entry`](log::Entry) | [`Log::entries`] |
//! | `DELETE /_sandbox/log` | clears the log | [`Log::clear`] |
//! | `GET /_sandbox/state` | a canonical dump, without times, versions and indices: two equal dumps mean the same state | [`Sandbox::state`] |
//! | `POST /_sandbox/call` | an out-of-band call of the cloud, unsigned: `{"service", "action", "region", "payload"}`; responds as the cloud does | [`Sandbox::call`] |
//!
//! # Fidelity
//!
//! The cloud side follows Tencent's published reference: TC3 signatures, error codes, request
//! limits, types, versions, normalizations. Where the reference is silent, [`Behaviour`](behaviour::Behaviour)
//! has a switch. It shares no code with the provider, so that a misread API shows as a failing test.

mod admin;
pub mod behaviour;
mod cloud;
pub mod cluster;
pub mod faults;
pub mod log;
pub mod seed;
mod services;
mod tls;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};

use axum::{
    Router,
    routing::any,
    serve::{Listener, ListenerExt},
};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::cloud::ApiError;
use self::{
    cloud::Call,
    cluster::Cluster,
    faults::Faults,
    log::Log,
    seed::{REGION, Seed},
    services::Services,
    tls::TlsListener,
};

const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// A running sandbox. It stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    url: String,
    certificate: Option<String>,
    services: Services,
    _stop: DropGuard,
}

impl Sandbox {
    /// Starts on a free loopback port.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn start() -> Self {
        Self::listen(ANY_PORT).await.expect("the loopback interface has a free port")
    }

    /// Starts on a free loopback port, with TLS: see [`Sandbox::certificate`].
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start_tls() -> Self {
        let tcp = bind(ANY_PORT).await.expect("the loopback interface has a free port");
        let (listener, certificate) = TlsListener::new(tcp);
        Self { certificate: Some(certificate), ..Self::serve("https", listener) }
    }

    /// Starts on a given loopback address.
    pub async fn listen(address: SocketAddr) -> io::Result<Self> {
        Ok(Self::serve("http", bind(address).await?))
    }

    fn serve<L: Listener<Addr = SocketAddr>>(scheme: &str, listener: L) -> Self {
        let address = listener.local_addr().expect("a bound listener has an address");
        let services = Services::new();
        let stop = CancellationToken::new();
        let server = axum::serve(listener, router(&services))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(server.into_future());
        let url = format!("{scheme}://{address}");
        Self { url, certificate: None, services, _stop: stop.drop_guard() }
    }

    /// Base URL of everything.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The self-signed certificate as PEM, if the sandbox uses TLS.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// The environment variables that point the provider at this sandbox.
    pub fn environment(&self) -> Vec<(String, String)> {
        let url = self.url();
        [
            ("TENCENTCLOUD_SECRET_ID", seed::SECRET_ID),
            ("TENCENTCLOUD_SECRET_KEY", seed::SECRET_KEY),
            ("TENCENTCLOUD_REGION", REGION),
            ("TKE_ENDPOINT", &url),
            ("KUBE_HOST", &url),
            ("KUBE_TOKEN", cluster::TOKEN),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Resets state, faults and log.
    pub fn reset(&self) {
        self.services.reset();
    }

    /// Adds to the state; returns the ids of the groups, in order.
    pub fn seed(&self, seed: Seed) -> Result<Vec<String>, ApiError> {
        self.services.seed(seed)
    }

    /// A canonical dump, without times, versions and indices.
    pub fn state(&self) -> Value {
        self.services.state()
    }

    /// An out-of-band call of the cloud: unsigned, without limits and faults. Returns the content of
    /// the envelope.
    pub fn call(
        &self,
        service: &str,
        action: &str,
        region: &str,
        payload: Value,
    ) -> Result<Value, ApiError> {
        self.services.cloud.call_out_of_band(&Call::new(service, action, region, payload)).0
    }

    /// The requests so far.
    pub fn log(&self) -> &Log {
        &self.services.log
    }

    /// The faults that are still to happen.
    pub fn faults(&self) -> &Faults {
        &self.services.faults
    }

    /// The cluster side.
    pub fn cluster(&self) -> &Cluster {
        &self.services.cluster
    }
}

async fn bind(address: SocketAddr) -> io::Result<impl Listener<Io = TcpStream, Addr = SocketAddr>> {
    if !address.ip().is_loopback() {
        // Its keys are public and its admin paths take none.
        let message = format!("{address} is not a loopback address");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let listener = TcpListener::bind(address).await?;
    Ok(listener.tap_io(|stream| {
        // Only latency suffers if this fails.
        drop(stream.set_nodelay(true));
    }))
}

fn router(services: &Services) -> Router {
    let cloud = services.cloud.clone();
    Router::new()
        .route("/", any(move |request| cloud.clone().serve(request)))
        .merge(admin::router(services.clone()))
        .fallback_service(services.cluster.router())
}
