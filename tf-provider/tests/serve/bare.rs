//! Hardly a provider: an endless data source, and a few calls that misbehave when they are asked to.
//!
//! The tests of the process run it; it is no pattern for a provider.

use std::{future::pending, process::ExitCode, time::Duration};

use tf_provider::testing::{
    PluginInfo, Stop, run,
    tfplugin6::{
        Schema, call_function, configure_provider, get_provider_schema, provider_server::Provider,
        read_data_source, read_resource, schema::Block, stop_provider,
        validate_data_resource_config, validate_provider_config, validate_resource_config,
    },
};
use tonic::{Request, Response, Status, async_trait};

fn main() -> ExitCode {
    let plugin = PluginInfo { source: "example/bare", crate_name: env!("CARGO_CRATE_NAME") };
    let stop = Stop::default();
    run(plugin, Bare { stop: stop.clone() }, stop)
}

struct Bare {
    stop: Stop,
}

#[async_trait]
impl Provider for Bare {
    async fn get_provider_schema(
        &self,
        _: Request<get_provider_schema::Request>,
    ) -> Result<Response<get_provider_schema::Response>, Status> {
        tracing::info!(answer = 42, "asked for the schema");
        let empty = Schema { version: 0, block: Some(Block::default()) };
        Ok(Response::new(get_provider_schema::Response {
            provider: Some(empty.clone()),
            data_source_schemas: [("bare_endless".to_owned(), empty)].into(),
            ..Default::default()
        }))
    }

    async fn validate_provider_config(
        &self,
        _: Request<validate_provider_config::Request>,
    ) -> Result<Response<validate_provider_config::Response>, Status> {
        Ok(Response::new(validate_provider_config::Response::default()))
    }

    async fn configure_provider(
        &self,
        _: Request<configure_provider::Request>,
    ) -> Result<Response<configure_provider::Response>, Status> {
        Ok(Response::new(configure_provider::Response::default()))
    }

    async fn validate_data_resource_config(
        &self,
        _: Request<validate_data_resource_config::Request>,
    ) -> Result<Response<validate_data_resource_config::Response>, Status> {
        Ok(Response::new(validate_data_resource_config::Response::default()))
    }

    /// Says how much it got.
    async fn validate_resource_config(
        &self,
        request: Request<validate_resource_config::Request>,
    ) -> Result<Response<validate_resource_config::Response>, Status> {
        let size = request.into_inner().config.map_or(0, |config| config.msgpack.len());
        Err(Status::failed_precondition(size.to_string()))
    }

    /// Panics.
    #[expect(clippy::panic, reason = "that is what it is for")]
    async fn call_function(
        &self,
        _: Request<call_function::Request>,
    ) -> Result<Response<call_function::Response>, Status> {
        let task = self.stop.spawn(async { panic!("over\ntwo lines") });
        task.await.map_err(|panic| Status::internal(panic.to_string()))
    }

    /// Takes its time until it is told to stop, and then a little more to end in good order.
    async fn read_resource(
        &self,
        _: Request<read_resource::Request>,
    ) -> Result<Response<read_resource::Response>, Status> {
        let stopped = self.stop.token();
        let task = self.stop.spawn(async move {
            stopped.cancelled().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            tracing::warn!("ended in good order");
            Response::new(read_resource::Response::default())
        });
        task.await.map_err(|panic| Status::internal(panic.to_string()))
    }

    /// Never ends.
    async fn read_data_source(
        &self,
        _: Request<read_data_source::Request>,
    ) -> Result<Response<read_data_source::Response>, Status> {
        let task = self.stop.spawn(pending());
        task.await.map_err(|panic| Status::internal(panic.to_string()))
    }

    async fn stop_provider(
        &self,
        _: Request<stop_provider::Request>,
    ) -> Result<Response<stop_provider::Response>, Status> {
        self.stop.give();
        Ok(Response::new(stop_provider::Response::default()))
    }
}
