//! A cluster for tests: it answers as the test says, one request after the other, and remembers
//! what it was asked.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{Cluster, NoConnection, SharedSession, connect::Session};
use crate::http_client::ANSWER_LIMIT;

/// What comes back for one request.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// A status and a JSON body.
    Json(u16, Value),
    /// A status and a plain text.
    Text(u16, &'static str),
    /// A status, and for how many seconds to wait before another request.
    Later(u16, u32),
    /// More than any answer has.
    Endless,
    /// The connection breaks.
    Break,
    /// Nothing, ever.
    Silence,
}

/// What has been asked so far: `METHOD path?query`, and the body.
#[derive(Debug, Default)]
pub(crate) struct Script {
    turns: Mutex<VecDeque<Turn>>,
    asked: Mutex<Vec<(String, Value)>>,
}

impl Script {
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
    }

    /// The verbs alone, as `GET PATCH`.
    pub(crate) fn verbs(&self) -> String {
        let asked = self.asked();
        let verbs = asked.iter().filter_map(|line| line.split(' ').next());
        verbs.collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.asked.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }
}

/// A cluster that plays these turns.
pub(crate) fn cluster(turns: impl IntoIterator<Item = Turn>) -> (Cluster, Arc<Script>) {
    let script = Arc::new(Script {
        turns: Mutex::new(turns.into_iter().collect()),
        asked: Mutex::default(),
    });
    let player = script.clone();
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let player = player.clone();
        async move { player.answer(request).await }
    });
    let client = kube::Client::new(service, "default");
    let host = "https://cluster.test".to_owned();
    let session = Session { client, host, secrets: vec!["hidden-token".into()] };
    let shared = SharedSession {
        connection: Err(NoConnection::NotConfigured),
        session: OnceCell::new_with(Some(session)),
    };
    (Cluster { shared: Arc::new(shared) }, script)
}

impl Script {
    async fn answer(&self, request: http::Request<Body>) -> io::Result<http::Response<Body>> {
        let (head, body) = request.into_parts();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        let line = format!("{} {}", head.method, head.uri);
        let body = serde_json::from_slice(&body).unwrap_or_default();
        self.asked.lock().unwrap().push((line.clone(), body));
        let turn = self.turns.lock().unwrap().pop_front();
        let response = http::Response::builder();
        let (response, body) = match turn {
            Some(Turn::Json(status, body)) => (response.status(status), body.to_string()),
            Some(Turn::Text(status, body)) => (response.status(status), body.to_owned()),
            Some(Turn::Later(status, seconds)) => {
                (response.status(status).header("retry-after", seconds), String::new())
            }
            Some(Turn::Endless) => (response.status(200), " ".repeat(ANSWER_LIMIT + 1)),
            Some(Turn::Break) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Turn::Silence) => match std::future::pending::<Infallible>().await {},
            None => panic!("nobody expected {line}"),
        };
        Ok(response.body(Body::from(body.into_bytes())).unwrap())
    }
}

/// An unsuccessful answer of the API.
#[expect(clippy::needless_pass_by_value, reason = "tables read better without borrows")]
pub(crate) fn status(code: u16, reason: &str, message: &str, details: Value) -> Turn {
    Turn::Json(
        code,
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "code": code, "reason": reason, "message": message, "details": details,
        }),
    )
}

/// There is no such object.
pub(crate) fn absent() -> Turn {
    status(
        404,
        "NotFound",
        "securitygrouppolicies \"app\" not found",
        json!({"name": "app", "group": "vpcresources.tke.cloud.tencent.com",
            "kind": "securitygrouppolicies"}),
    )
}

/// There is no such path.
pub(crate) fn unserved() -> Turn {
    Turn::Text(404, "404 page not found\n")
}

/// The groups of a cluster that serves these versions.
pub(crate) fn groups(versions: &[&str]) -> Turn {
    let groups = versions.iter().map(|version| {
        let (group, name) = version.split_once('/').unwrap();
        let version = json!({"groupVersion": version, "version": name});
        json!({"name": group, "versions": [version], "preferredVersion": version})
    });
    let groups: Value = groups.collect();
    Turn::Json(200, json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}
