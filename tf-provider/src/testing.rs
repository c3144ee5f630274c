//! Plays core: finds a provider as Terraform finds it, and calls it over its real socket.
//!
//! ```no_run
//! # async fn test() -> tf_provider::testing::Result {
//! use tf_provider::testing::{Process, tfplugin6::get_provider_schema};
//!
//! let mut process = Process::start("target/debug/terraform-provider-example").await?;
//! let core = process.connect().await?;
//! let schema = core.provider().get_provider_schema(get_provider_schema::Request {}).await?;
//! assert!(schema.into_inner().diagnostics.is_empty());
//! core.shutdown().await?;
//! assert!(process.exit().await?.success());
//! # Ok(())
//! # }
//! ```

mod certificate;
mod handshake;
mod process;

use std::{error::Error, future::pending};

use tokio::task::AbortHandle;
use tonic::transport::Channel;

pub use self::{certificate::Certificate, handshake::Handshake, process::Process};
use crate::{
    Provider,
    protocol::{Rpcs, plugin::LARGEST_MESSAGE, service::Service},
    serve::{environment::SocketWishes, server::Server, tls::Tls},
};
pub use crate::{
    protocol::generated::{plugin, tfplugin6},
    serve::{PluginInfo, run},
    stop::Stop,
};

/// Whatever went wrong, for `?` in tests.
pub type Result<T = (), E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// A core that is connected to a provider.
#[derive(Debug)]
pub struct Core {
    channel: Channel,
    /// The server, when it is a part of this process.
    server: Option<AbortHandle>,
}

impl Core {
    /// Serves a provider in this process, and connects as core would.
    pub async fn of<P: Provider>() -> Result<Self> {
        let stop = Stop::default();
        Self::serving(Service::<P>::new(stop.clone()), stop).await
    }

    /// Serves a provider that answers the calls of the protocol itself.
    pub async fn serving(service: impl Rpcs, stop: Stop) -> Result<Self> {
        let own = Certificate::new()?;
        let server = Server::open(&SocketWishes::default(), Some(Tls::pinned(own.pem())?))?;
        let handshake = Handshake {
            path: server.path().to_owned(),
            certificate: server.certificate().map(|der| der.to_vec().into()),
        };
        let server = tokio::spawn(async move { server.serve(service, &stop, pending()).await });
        let channel = handshake.connect(Some(&own)).await?;
        Ok(Self { channel, server: Some(server.abort_handle()) })
    }

    /// The provider's own calls.
    pub fn provider(&self) -> tfplugin6::provider_client::ProviderClient<Channel> {
        tfplugin6::provider_client::ProviderClient::new(self.channel())
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE)
    }

    /// The connection, for calls of any other service.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Says goodbye, as core does when it needs the provider no longer.
    pub async fn shutdown(self) -> Result {
        let mut controller =
            plugin::grpc_controller_client::GrpcControllerClient::new(self.channel());
        controller.shutdown(plugin::Empty {}).await?;
        Ok(())
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

impl From<Channel> for Core {
    fn from(channel: Channel) -> Self {
        Self { channel, server: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Sample;

    #[tokio::test]
    async fn a_provider_is_met_as_core_meets_it() -> Result {
        let core = Core::of::<Sample>().await?;
        let request = tfplugin6::get_provider_schema::Request {};
        let schema = core.provider().get_provider_schema(request).await?.into_inner();
        assert!(schema.provider.is_some() && schema.diagnostics.is_empty());
        core.shutdown().await
    }
}
