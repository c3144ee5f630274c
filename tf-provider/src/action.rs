//! An action: what its author writes.

use std::future::Future;

use crate::{Constraint, Cx, Diagnostics, Model, Partial, Result};

/// Something to be done that leaves nothing in state: a restart, a backup, a failover.
///
/// Users name it in `terraform apply -invoke`, or let a change of a resource trigger it.
///
/// ```
/// use tf_provider::{Action, Cx, Model, Result};
///
/// /// Restarts machines, one after the other.
/// #[derive(Model)]
/// struct Restart {
///     /// Names of the machines.
///     machines: Vec<String>,
/// }
///
/// # struct Farm;
/// # impl Farm {
/// #     async fn restart(&self, machine: &str) -> Result<()> { unimplemented!() }
/// # }
/// impl Action for Restart {
///     const NAME: &'static str = "restart";
///     type Client = Farm;
///
///     async fn invoke(self, cx: &Cx<Farm>) -> Result<()> {
///         for machine in self.machines {
///             if cx.cancelled().is_cancelled() {
///                 break;
///             }
///             cx.progress(format!("restarting {machine}"));
///             cx.client().restart(&machine).await?;
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Action: Model {
    /// Name of the action without the provider's name and underscore: `restart`.
    const NAME: &'static str;
    /// What the provider's `configure` made.
    type Client: Send + Sync + 'static;

    /// Rules across attributes, from [`constraints`](crate::constraints).
    fn constraints() -> Vec<Constraint> {
        Vec::new()
    }

    /// Rules that need code. It runs without a client and while parts are still unknown.
    fn check(config: &Partial<Self>) -> Diagnostics {
        let _ = config;
        Diagnostics::default()
    }

    /// What can be said against it before anything is applied. It changes nothing.
    ///
    /// There is no client while the provider is not configured.
    fn plan(config: &Partial<Self>, client: Option<&Self::Client>) -> Diagnostics {
        let _ = (config, client);
        Diagnostics::default()
    }

    /// Does it, and tells the user how far it is with [`Cx::progress`].
    fn invoke(self, cx: &Cx<Self::Client>) -> impl Future<Output = Result<()>> + Send;
}
