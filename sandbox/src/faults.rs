//! Faults on demand: throttling, server errors, lost answers, latency.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use serde::{Deserialize, Serialize};

/// The faults that are still to happen in one sandbox. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Injection>>>);

/// What `POST /_sandbox/faults` takes: which requests go wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// Cloud action (`CreateSecurityGroup`), verb and resource (`PATCH securitygrouppolicies`),
    /// or `*` for every request.
    pub on: String,
    /// What happens.
    pub kind: Kind,
    /// To how many requests it happens.
    #[serde(default = "once")]
    pub times: u32,
    /// How many requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// For `latency`: how long the request waits before anything is done.
    #[serde(default)]
    pub latency_ms: u64,
    /// For `error`: the cloud's error code, or the `reason` of a Kubernetes `Status`.
    #[serde(default)]
    pub code: String,
    /// For `error`: the text.
    #[serde(default)]
    pub message: String,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Too many requests: `RequestLimitExceeded` or status 429. Nothing is done.
    Throttle,
    /// Status 503. Nothing is done.
    ServerError,
    /// The request is done, then the connection is closed without an answer.
    LostAnswer,
    /// The request is done late.
    Latency,
    /// An error of the given code. Nothing is done.
    Error,
}

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refuse as too frequent.
    Throttle,
    /// Answer 503 before doing anything.
    ServerError,
    /// Do it, then close the connection without an answer.
    LostAnswer,
    /// Wait, then do it.
    Latency(Duration),
    /// Refuse with this error.
    Error {
        /// The cloud's error code, or the `reason` of a Kubernetes `Status`.
        code: String,
        /// The text.
        message: String,
    },
}

impl Faults {
    /// Adds a fault; those added earlier come first.
    pub fn add(&self, injection: Injection) {
        self.locked(|injections| injections.push(injection));
    }

    /// The fault that the request `on` meets now, if any, counting the request.
    pub fn next(&self, on: &str) -> Option<Fault> {
        self.locked(|injections| injections.iter_mut().find_map(|injection| injection.meet(on)))
    }

    /// How many requests are still to meet a fault. One that waits out its latency has met it: a
    /// caller that sees 0 knows that the request has arrived.
    pub fn left(&self) -> u32 {
        self.locked(|injections| injections.iter().map(|injection| injection.times).sum())
    }

    /// Nothing goes wrong from here on.
    pub fn clear(&self) {
        self.locked(Vec::clear);
    }

    fn locked<T>(&self, act: impl FnOnce(&mut Vec<Injection>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Injection {
    /// A fault of this kind for the next request `on`.
    pub fn new(on: impl Into<String>, kind: Kind) -> Self {
        let on = on.into();
        Self {
            on,
            kind,
            times: 1,
            skip: 0,
            latency_ms: 0,
            code: String::new(),
            message: String::new(),
        }
    }

    fn meet(&mut self, on: &str) -> Option<Fault> {
        if self.on != "*" && self.on != on {
            return None;
        }
        if let Some(left) = self.skip.checked_sub(1) {
            self.skip = left;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(match self.kind {
            Kind::Throttle => Fault::Throttle,
            Kind::ServerError => Fault::ServerError,
            Kind::LostAnswer => Fault::LostAnswer,
            Kind::Latency => Fault::Latency(Duration::from_millis(self.latency_ms)),
            Kind::Error => Fault::Error { code: self.code.clone(), message: self.message.clone() },
        })
    }
}

/// A response that closes the connection instead of being sent.
///
/// Its body fails on the first read, before the head has been written out.
pub(crate) fn hang_up() -> Response {
    let lost = io::Error::other("the answer is lost on purpose");
    Response::new(Body::from_stream(tokio_stream::once(Err::<Bytes, _>(lost))))
}

fn once() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_then_fires_then_is_spent() {
        let faults = Faults::default();
        faults.add(Injection { skip: 1, times: 2, ..Injection::new("A", Kind::Throttle) });
        let met = (0..4).map(|_| (faults.next("A").is_some(), faults.left()));
        assert_eq!(met.collect::<Vec<_>>(), [(false, 2), (true, 1), (true, 0), (false, 0)]);
    }

    #[test]
    fn the_earlier_fault_comes_first_and_a_skipping_one_lets_the_next_act() {
        let faults = Faults::default();
        faults.add(Injection { skip: 1, ..Injection::new("A", Kind::LostAnswer) });
        faults.add(Injection::new("*", Kind::ServerError));
        assert_eq!(faults.next("A"), Some(Fault::ServerError));
        assert_eq!(faults.next("A"), Some(Fault::LostAnswer));
        assert_eq!(faults.next("A"), None);
    }

    #[test]
    fn other_requests_are_left_alone() {
        let faults = Faults::default();
        faults.add(Injection::new("PATCH securitygrouppolicies", Kind::Throttle));
        assert_eq!(faults.next("GET securitygrouppolicies"), None);
        faults.clear();
        assert_eq!(faults.next("PATCH securitygrouppolicies"), None);
    }
}
