//! A data source: what its author writes.

use std::future::Future;

use crate::{Constraint, Cx, Diagnostics, Model, Partial, Result};

/// Something that configurations read and Terraform never changes.
pub trait DataSource: Model {
    /// Name of the data source without the provider's name and underscore: `cluster`.
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

    /// Fills the computed fields. What the user set stays as the user wrote it.
    fn read(self, cx: &Cx<Self::Client>) -> impl Future<Output = Result<Self>> + Send;
}
