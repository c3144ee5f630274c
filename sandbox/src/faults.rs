//! Fault injection: which requests fail, and how.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
    response::Response,
};
use serde::{Deserialize, Serialize};

/// The faults that are still to happen in one sandbox. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Injection>>>);

/// What `POST /_sandbox/faults` takes: which requests fail, and how.
///
/// For example `{"on": "ModifyResourceTags", "skip": 1, "fault": {"error": {"code":
/// "FailedOperation", "message": "no"}}}` refuses the second call of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// Cloud action (`CreateSecurityGroup`), verb and resource (`PATCH securitygrouppolicies`),
    /// or `*` for every request.
    pub on: String,
    /// The fault.
    pub fault: Fault,
    /// To how many requests it happens.
    #[serde(default = "once")]
    pub times: u32,
    /// How many requests pass first.
    #[serde(default)]
    pub skip: u32,
}

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Too many requests: `RequestLimitExceeded` or status 429. Nothing is done.
    Throttle,
    /// Status 503. Nothing is done.
    ServerError,
    /// The request is done, then the connection is closed without a response.
    LostResponse,
    /// Nothing is done and nothing is sent; the connection stays open.
    NoResponse,
    /// The request is done late.
    Latency {
        /// How long it waits before anything is done.
        milliseconds: u64,
    },
    /// The request is done, and its response has an additional, unknown field of this size.
    LargeResponse {
        /// The size of the field in bytes of JSON.
        bytes: usize,
    },
    /// An error. Nothing is done.
    Error {
        /// The cloud's error code, or the `reason` of a Kubernetes `Status`.
        code: String,
        /// The text, sent as it is. `{authorization}` in it stands for the `Authorization` header
        /// of the request: some servers reflect it.
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
        self.locked(|injections| injections.iter_mut().find_map(|injection| injection.next(on)))
    }

    /// How many requests are still to meet a fault. One that waits out its latency has met it: a
    /// caller that sees 0 knows that the request has arrived.
    pub fn remaining(&self) -> u32 {
        self.locked(|injections| injections.iter().map(|injection| injection.times).sum())
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.locked(Vec::clear);
    }

    fn locked<T>(&self, access: impl FnOnce(&mut Vec<Injection>) -> T) -> T {
        access(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Injection {
    /// This fault for the next request `on`.
    pub fn new(on: impl Into<String>, fault: Fault) -> Self {
        Self { on: on.into(), fault, times: 1, skip: 0 }
    }

    fn next(&mut self, on: &str) -> Option<Fault> {
        if self.on != "*" && self.on != on {
            return None;
        }
        if let Some(left) = self.skip.checked_sub(1) {
            self.skip = left;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(self.fault.clone())
    }
}

impl Fault {
    /// An error of this code and text.
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Error { code: code.into(), message: message.into() }
    }

    /// Adds what this fault adds to the JSON object that is sent.
    ///
    /// Many small values cost most to a caller that builds a tree of them. They are written as text
    /// for the same reason.
    pub(crate) fn enlarge(&self, object: &mut String) {
        if let (Self::LargeResponse { bytes }, true) = (self, object.ends_with('}')) {
            object.pop();
            object.push_str(",\"Padding\":[0");
            object.push_str(&",0".repeat(bytes / 2));
            object.push_str("]}");
        }
    }
}

/// The message of [`Fault::Error`] as it is sent.
pub(crate) fn reflect(message: &str, headers: &HeaderMap) -> String {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    message.replace("{authorization}", value.unwrap_or_default())
}

/// A response that closes the connection instead of being sent.
///
/// Its body fails on the first read, before the head has been written out.
pub(crate) fn close_connection() -> Response {
    let lost = io::Error::other("the response is lost on purpose");
    Response::new(Body::from_stream(tokio_stream::once(Err::<Bytes, _>(lost))))
}

fn once() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn fault_skips_then_happens_then_is_used_up() {
        let faults = Faults::default();
        faults.add(Injection { skip: 1, times: 2, ..Injection::new("A", Fault::Throttle) });
        let met = (0..4).map(|_| (faults.next("A").is_some(), faults.remaining()));
        assert_eq!(met.collect::<Vec<_>>(), [(false, 2), (true, 1), (true, 0), (false, 0)]);
    }

    #[test]
    fn earlier_fault_comes_first_unless_it_skips() {
        let faults = Faults::default();
        faults.add(Injection { skip: 1, ..Injection::new("A", Fault::LostResponse) });
        faults.add(Injection::new("*", Fault::ServerError));
        assert_eq!(faults.next("A"), Some(Fault::ServerError));
        assert_eq!(faults.next("A"), Some(Fault::LostResponse));
        assert_eq!(faults.next("A"), None);
    }

    #[test]
    fn fault_of_one_request_spares_others_and_can_be_cleared() {
        let faults = Faults::default();
        faults.add(Injection::new("PATCH securitygrouppolicies", Fault::Throttle));
        assert_eq!(faults.next("GET securitygrouppolicies"), None);
        faults.clear();
        assert_eq!(faults.next("PATCH securitygrouppolicies"), None);
    }

    #[test]
    fn injection_is_read_from_json() {
        #[track_caller]
        fn check(injection: &Value, expected: Option<&Injection>) {
            assert_eq!(Injection::deserialize(injection).ok().as_ref(), expected);
        }
        check(
            &json!({"on": "A", "fault": "throttle"}),
            Some(&Injection::new("A", Fault::Throttle)),
        );
        check(
            &json!({"on": "A", "skip": 1, "times": 2, "fault": {"latency": {"milliseconds": 3}}}),
            Some(&Injection {
                skip: 1,
                times: 2,
                ..Injection::new("A", Fault::Latency { milliseconds: 3 })
            }),
        );
        check(&json!({"on": "A", "fault": "throttle", "time": 2}), None);
        check(&json!({"on": "A", "fault": {"latency": {"seconds": 3}}}), None);
    }

    #[test]
    fn large_response_has_the_bytes_asked_for() {
        let mut response = json!({"a": 1}).to_string();
        Fault::LargeResponse { bytes: 1000 }.enlarge(&mut response);
        assert!((1000..1050).contains(&response.len()));
        let response: Value = serde_json::from_str(&response).unwrap();
        assert_eq!((&response["a"], &response["Padding"][499]), (&json!(1), &json!(0)));
    }
}
