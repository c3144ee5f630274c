//! An ephemeral resource.

use std::{
    net::Ipv6Addr,
    sync::PoisonError,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::Store;
use crate::{Computed, Cx, Diagnostic, Ephemeral, Lease, Model, Normalized, Result};

/// A token.
#[expect(clippy::struct_field_names, reason = "a token is what it holds")]
#[derive(Model, Clone, Debug)]
pub(crate) struct Token {
    /// Who gets it; some names make the service misbehave.
    name: String,
    /// Where it is good for.
    peer: Option<Normalized<Ipv6Addr>>,
    /// The token.
    #[tf(sensitive)]
    token: Computed<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Desk {
    name: String,
    renewals: u64,
}

impl Ephemeral for Token {
    const NAME: &'static str = "token";
    type Client = Store;
    type Private = Desk;

    async fn open(self, cx: &Cx<Store>) -> Result<(Self, Lease<Desk>)> {
        match self.name.as_str() {
            "error" => return Err(Diagnostic::error("told to").into()),
            "panic" => panic!("told to"),
            "wait" => {
                cx.client().say("opening".to_owned());
                cx.cancelled().cancelled().await;
                return Err(Diagnostic::error("stopped").into());
            }
            _ => {}
        }
        let token = match self.name.as_str() {
            "vague" => Computed::unknown(),
            name => Computed::known(format!("token of {name}")),
        };
        let lease = lease(Desk { name: self.name.clone(), renewals: 0 });
        let peer = self.peer.map(|peer| Normalized::new(*peer));
        Ok((Self { peer, token, ..self }, lease))
    }

    async fn renew(desk: Desk, _: &Cx<Store>) -> Result<Lease<Desk>> {
        if desk.name == "short" {
            return Err(Diagnostic::error("it is over").into());
        }
        Ok(lease(Desk { renewals: desk.renewals + 1, ..desk }))
    }

    async fn close(desk: Desk, cx: &Cx<Store>) -> Result<()> {
        if desk.name == "sticky" {
            return Err(Diagnostic::error("it does not close").into());
        }
        cx.client().say(format!("closed {} after {} renewals", desk.name, desk.renewals));
        Ok(())
    }
}

fn lease(desk: Desk) -> Lease<Desk> {
    let minutes = desk.renewals + 1;
    Lease::of(desk).renew_at(SystemTime::UNIX_EPOCH + Duration::from_mins(minutes))
}

impl Store {
    fn say(&self, line: String) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
