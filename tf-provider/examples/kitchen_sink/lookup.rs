//! Data source `kitchen_thing`: a thing by its name.

use tf_provider::{Computed, Cx, DataSource, Diagnostic, Model, Result};

use crate::{store::Store, thing::Thing};

/// Finds a thing by its name.
#[derive(Model, Clone, Debug)]
pub(crate) struct Lookup {
    /// The name to look for.
    name: String,
    /// The thing's port.
    port: Computed<u16>,
    /// The thing's note.
    note: Computed<String>,
}

impl DataSource for Lookup {
    const NAME: &'static str = "thing";
    type Client = Store;

    async fn read(self, cx: &Cx<Store>) -> Result<Self> {
        let things = cx.client().list::<Thing>("thing")?;
        let found = things.into_iter().find(|thing| thing.name == self.name).ok_or_else(|| {
            Diagnostic::error(format!("there is no thing named {}", self.name)).at("name")
        })?;
        Ok(Self { port: found.port, note: found.note.into(), ..self })
    }
}
