//! Requests and answers by product, with the names that the service's reference gives them.
//!
//! A request is a struct named as its action; sending it is `client.call(&region, &request, …)`.

pub mod tag;
pub mod tke;
pub mod vpc;

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};

/// A request, and what the client must know to send it.
// same name: the API calls a request an action, and the effect of a rule as well.
pub trait Action: Serialize + Send + Sync {
    /// Name of the action.
    const NAME: &'static str;
    /// Product that it belongs to.
    const SERVICE: Service;
    /// What it does to the world, and therefore whether it may be sent again.
    const IDEMPOTENCY: Idempotency;
    /// Documented limit of requests per second.
    const PER_SECOND: usize;
    /// What a successful answer holds.
    type Response: DeserializeOwned + Send;
}

/// A product with an API of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Private networks and security groups.
    Vpc,
    /// Kubernetes clusters.
    Tke,
    /// Tags of every product's resources.
    Tag,
}

/// What sending a request a second time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing, as the first.
    ReadOnly,
    /// No more than the first did.
    Idempotent,
    /// It may do the work twice.
    NonIdempotent,
}

/// The answer of an action that has nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Done {}

impl Service {
    /// First label of its hosts, and its name in a signature.
    pub fn label(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Tke => "tke",
            Self::Tag => "tag",
        }
    }

    /// Version of its API that we speak.
    pub fn version(self) -> &'static str {
        match self {
            Self::Vpc => "2017-03-12",
            Self::Tke => "2018-05-25",
            Self::Tag => "2018-08-13",
        }
    }
}

/// Takes a text for the value that it writes.
fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Takes `null` for nothing: the service writes it where it could leave a field out.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
