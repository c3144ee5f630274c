//! A plugin as core knows it: the provider's own service, and those that go-plugin wants beside it.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status, Streaming, async_trait, codegen::BoxStream, service::Routes,
};
use tonic_health::{ServingStatus, server::health_reporter};

use super::{
    Rpcs,
    generated::{
        plugin::{
            ConnInfo, Empty, StdioData,
            grpc_broker_server::{GrpcBroker, GrpcBrokerServer},
            grpc_controller_server::{GrpcController, GrpcControllerServer},
            grpc_stdio_server::{GrpcStdio, GrpcStdioServer},
        },
        tfplugin6::provider_server::ProviderServer,
    },
};

/// Size of the largest message in either direction, the same as for providers written in Go.
///
/// tonic's own limit of 4 MiB fails a configuration with one large file in it.
pub(crate) const LARGEST_MESSAGE: usize = 256 << 20;

/// All that core may call. When it says goodbye, `leave` is tripped.
pub(crate) async fn routes(provider: impl Rpcs, leave: CancellationToken) -> Routes {
    let provider = ProviderServer::new(provider)
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE);
    let plugin = GoPlugin { leave };
    let (reporter, health) = health_reporter();
    reporter.set_service_status("plugin", ServingStatus::Serving).await;
    Routes::new(provider)
        .add_service(GrpcControllerServer::new(plugin.clone()))
        .add_service(GrpcStdioServer::new(plugin.clone()))
        .add_service(GrpcBrokerServer::new(plugin))
        .add_service(health)
}

/// Controller, stdio and broker: all they have to know is when the process leaves.
#[derive(Clone)]
struct GoPlugin {
    leave: CancellationToken,
}

#[async_trait]
impl GrpcController for GoPlugin {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        // The server answers what it has begun, this call too, before it closes a connection.
        self.leave.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[async_trait]
impl GrpcStdio for GoPlugin {
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(self.silent()))
    }
}

#[async_trait]
impl GrpcBroker for GoPlugin {
    async fn start_stream(
        &self,
        _: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(Response::new(self.silent()))
    }
}

impl GoPlugin {
    /// A stream that core wants open until the end, and that has nothing to say.
    fn silent<T: Send + 'static>(&self) -> BoxStream<T> {
        let (open, stream) = mpsc::channel(1);
        let leave = self.leave.clone();
        tokio::spawn(async move {
            leave.cancelled().await;
            drop(open);
        });
        Box::pin(ReceiverStream::new(stream))
    }
}
