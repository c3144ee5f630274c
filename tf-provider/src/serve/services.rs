//! The services that go-plugin wants beside the provider's own.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, async_trait, codegen::BoxStream};

use crate::protocol::generated::plugin::{
    ConnInfo, Empty, StdioData, grpc_broker_server::GrpcBroker,
    grpc_controller_server::GrpcController, grpc_stdio_server::GrpcStdio,
};

/// Controller, stdio and broker: all they have to know is when the process leaves.
#[derive(Clone)]
pub(super) struct GoPlugin {
    pub(super) leave: CancellationToken,
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
