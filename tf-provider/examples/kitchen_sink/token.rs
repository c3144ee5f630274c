//! Ephemeral resource `kitchen_token`: open while a command runs.

use std::time::{Duration, SystemTime};

use tf_provider::{Computed, Cx, Ephemeral, Lease, Model, Result};

use crate::store::Store;

/// A token that is good for a second, unless it is renewed.
#[derive(Model, Clone, Debug)]
pub(crate) struct Token {
    /// Who gets it.
    name: String,
    /// The token.
    #[tf(sensitive)]
    token: Computed<String>,
}

/// What the service knows of a token.
#[derive(Model, Clone, Debug)]
pub(crate) struct Issued {
    /// Its id.
    id: String,
    /// Whether it is still good.
    open: bool,
    /// How often it was renewed.
    renewed: u64,
}

impl Ephemeral for Token {
    const NAME: &'static str = "token";
    type Client = Store;
    type Private = String;

    async fn open(self, cx: &Cx<Store>) -> Result<(Self, Lease<String>)> {
        let issued = cx.client().insert(Self::NAME, |id| Issued { id, open: true, renewed: 0 })?;
        let token = format!("{} for {}", issued.id, self.name);
        Ok((Self { token: token.into(), ..self }, lease(issued.id)))
    }

    async fn renew(id: String, cx: &Cx<Store>) -> Result<Lease<String>> {
        if let Some(issued) = cx.client().find::<Issued>(&id)? {
            cx.client().put(&id, &Issued { renewed: issued.renewed + 1, ..issued })?;
        }
        Ok(lease(id))
    }

    async fn close(id: String, cx: &Cx<Store>) -> Result<()> {
        if let Some(issued) = cx.client().find::<Issued>(&id)? {
            cx.client().put(&id, &Issued { open: false, ..issued })?;
        }
        Ok(())
    }
}

fn lease(id: String) -> Lease<String> {
    #[expect(clippy::disallowed_methods, reason = "Terraform wants to know it by the clock")]
    let now = SystemTime::now();
    Lease::of(id).renew_at(now + Duration::from_secs(1))
}
