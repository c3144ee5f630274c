//! An ephemeral resource: what its author writes.

use std::{fmt, future::Future, time::SystemTime};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Constraint, Cx, Diagnostics, Model, Partial, Result};

/// Something that exists while Terraform runs and is never stored: a token, a tunnel, a password.
///
/// ```
/// # use std::time::SystemTime;
/// use tf_provider::{Computed, Cx, Ephemeral, Lease, Model, Result};
///
/// /// A token for one run.
/// #[derive(Model)]
/// struct Token {
///     /// What it is for.
///     audience: String,
///     /// The token.
///     #[tf(sensitive)]
///     token: Computed<String>,
/// }
///
/// # struct Desk;
/// # struct Issued { serial: u64, text: String, expires: SystemTime }
/// # impl Desk {
/// #     async fn issue(&self, audience: &str) -> Result<Issued> { unimplemented!() }
/// #     async fn extend(&self, serial: u64) -> Result<SystemTime> { unimplemented!() }
/// #     async fn revoke(&self, serial: u64) -> Result<()> { unimplemented!() }
/// # }
/// impl Ephemeral for Token {
///     const NAME: &'static str = "token";
///     type Client = Desk;
///     type Private = u64;
///
///     async fn open(self, cx: &Cx<Desk>) -> Result<(Self, Lease<u64>)> {
///         let issued = cx.client().issue(&self.audience).await?;
///         let lease = Lease::of(issued.serial).renew_at(issued.expires);
///         Ok((Self { token: issued.text.into(), ..self }, lease))
///     }
///
///     async fn renew(serial: u64, cx: &Cx<Desk>) -> Result<Lease<u64>> {
///         Ok(Lease::of(serial).renew_at(cx.client().extend(serial).await?))
///     }
///
///     async fn close(serial: u64, cx: &Cx<Desk>) -> Result<()> {
///         cx.client().revoke(serial).await
///     }
/// }
/// ```
pub trait Ephemeral: Model {
    /// Name of the ephemeral resource without the provider's name and underscore: `token`.
    const NAME: &'static str;
    /// What the provider's `configure` made.
    type Client: Send + Sync + 'static;
    /// What `renew` and `close` have to know of what `open` opened; `()` if nothing.
    type Private: Serialize + DeserializeOwned + Send + 'static;

    /// Rules across attributes, from [`constraints`](crate::constraints).
    fn constraints() -> Vec<Constraint> {
        Vec::new()
    }

    /// Rules that need code. It runs without a client and while parts are still unknown.
    fn check(config: &Partial<Self>) -> Diagnostics {
        let _ = config;
        Diagnostics::default()
    }

    /// Opens it and fills the computed fields. It runs in every plan and in every apply.
    ///
    /// After an error Terraform closes nothing, so that an `open` that fails halfway tidies up by itself.
    fn open(
        self,
        cx: &Cx<Self::Client>,
    ) -> impl Future<Output = Result<(Self, Lease<Self::Private>)>> + Send;

    /// Makes it last longer. Terraform asks when the time of the lease has come.
    fn renew(
        private: Self::Private,
        cx: &Cx<Self::Client>,
    ) -> impl Future<Output = Result<Lease<Self::Private>>> + Send {
        let _ = cx;
        async { Ok(Lease::of(private)) }
    }

    /// Ends it, after an interrupt too: what was tripped by that is not tripped here.
    fn close(
        private: Self::Private,
        cx: &Cx<Self::Client>,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (private, cx);
        async { Ok(()) }
    }
}

/// How long something ephemeral lasts, and what is to be known of it until then.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Lease<T> {
    pub(crate) private: T,
    pub(crate) renew_at: Option<SystemTime>,
}

/// Without what is to be known, which may be a secret.
impl<T> fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("renew_at", &self.renew_at).finish_non_exhaustive()
    }
}

impl<T> Lease<T> {
    /// One that lasts until it is closed.
    pub fn of(private: T) -> Self {
        Self { private, renew_at: None }
    }

    /// One that Terraform renews at this time, or a little earlier.
    #[must_use]
    pub fn renew_at(self, time: SystemTime) -> Self {
        Self { renew_at: Some(time), ..self }
    }
}
