//! The request log: all requests to the sandbox, in the order of their responses.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

/// The log of one sandbox. Clones share it.
#[derive(Clone, Debug)]
pub struct Log {
    started: Instant,
    entries: Arc<Mutex<Vec<Entry>>>,
}

/// One request and its outcome. It never holds secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the sandbox started; set by [`Log::push`].
    pub at: u64,
    /// Which side was called, and by whom.
    pub side: Side,
    /// Cloud product (`vpc`), or API group (`vpcresources.tke.cloud.tencent.com`; empty for core).
    pub service: String,
    /// Cloud action (`CreateSecurityGroup`), or verb and resource (`PATCH securitygrouppolicies`).
    pub action: String,
    /// Region of a cloud call, namespace of a cluster request.
    pub scope: String,
    /// HTTP status. The cloud responds with 200 to errors too; 0 means that no response was sent.
    pub status: u16,
    /// Error code of the cloud, or `reason` of a Kubernetes `Status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `RequestId` of a cloud call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Parameters of the call, or the object that was sent.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub request: Value,
}

/// Where a request went, and whether the caller under test sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A signed call of a cloud API.
    Cloud,
    /// A request to the Kubernetes API.
    Cluster,
    /// A cloud call through `/_sandbox/call`, as somebody else makes it.
    OutOfBand,
}

impl Log {
    /// Starts an empty log; `at` counts from here.
    pub fn new() -> Self {
        Self { started: Instant::now(), entries: Arc::default() }
    }

    /// Appends an entry and stamps it.
    pub fn push(&self, mut entry: Entry) {
        let elapsed = self.started.elapsed().as_millis();
        entry.at = u64::try_from(elapsed).unwrap_or(u64::MAX);
        self.locked(|entries| entries.push(entry));
    }

    /// Everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.locked(|entries| entries.clone())
    }

    /// How often `action` was called, successful or not, without out-of-band calls.
    pub fn count(&self, action: &str) -> usize {
        let asked = |entry: &&Entry| entry.action == action && entry.side != Side::OutOfBand;
        self.locked(|entries| entries.iter().filter(asked).count())
    }

    /// Removes all entries; `at` goes on.
    pub fn clear(&self) {
        self.locked(Vec::clear);
    }

    /// A panic elsewhere must not make the log unreadable: it is what explains the panic.
    fn locked<T>(&self, act: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        act(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Entry {
    /// An entry for `action` answered with `status`; the caller fills in what else it knows.
    pub fn new(side: Side, action: impl Into<String>, status: u16) -> Self {
        Self {
            at: 0,
            side,
            service: String::new(),
            action: action.into(),
            scope: String::new(),
            status,
            code: None,
            request_id: None,
            request: Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_band_calls_are_listed_but_not_counted() {
        let log = Log::new();
        log.push(Entry::new(Side::Cloud, "CreateSecurityGroup", 200));
        log.push(Entry::new(Side::OutOfBand, "CreateSecurityGroup", 200));
        assert_eq!(log.count("CreateSecurityGroup"), 1);
        assert_eq!(log.clone().entries().len(), 2);
        log.clear();
        assert_eq!(log.entries(), []);
    }
}
