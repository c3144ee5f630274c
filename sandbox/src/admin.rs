//! `/_sandbox/…`: control of the sandbox over HTTP.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cloud::{Call, envelope},
    faults::Injection,
    log::Entry,
    seed::{REGION, Seed},
    services::Services,
};

pub(crate) fn router(services: Services) -> Router {
    Router::new()
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/seed", post(seed))
        .route("/_sandbox/faults", post(add_fault).delete(clear_faults))
        .route("/_sandbox/log", get(read_log).delete(clear_log))
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/call", post(call))
        .with_state(services)
}

async fn reset(State(services): State<Services>) -> StatusCode {
    services.reset();
    StatusCode::NO_CONTENT
}

async fn seed(State(services): State<Services>, Json(seed): Json<Seed>) -> Response {
    match services.seed(seed) {
        Ok(groups) => Json(json!({"groups": groups})).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn add_fault(State(services): State<Services>, Json(fault): Json<Injection>) -> StatusCode {
    services.faults.add(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(services): State<Services>) -> StatusCode {
    services.faults.clear();
    StatusCode::NO_CONTENT
}

async fn read_log(State(services): State<Services>) -> Json<Vec<Entry>> {
    Json(services.log.entries())
}

async fn clear_log(State(services): State<Services>) -> StatusCode {
    services.log.clear();
    StatusCode::NO_CONTENT
}

async fn state(State(services): State<Services>) -> Json<Value> {
    Json(services.state())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutOfBandCall {
    service: String,
    action: String,
    #[serde(default = "region")]
    region: String,
    #[serde(default = "no_parameters")]
    payload: Value,
}

async fn call(State(services): State<Services>, Json(outside): Json<OutOfBandCall>) -> Response {
    let OutOfBandCall { service, action, region, payload } = outside;
    let call = Call::new(&service, &action, &region, payload);
    let (outcome, request_id) = services.cloud.call_out_of_band(&call);
    envelope(outcome, &request_id, None)
}

fn region() -> String {
    REGION.to_owned()
}

fn no_parameters() -> Value {
    json!({})
}
