//! List resource `kitchen_thing`: all things.

use tf_provider::{Cx, Found, List, Listed, Model, Resource, Result};

use crate::{store::Store, thing::Thing};

/// Lists things.
#[derive(Model, Clone, Debug)]
pub(crate) struct Things {
    /// Only those whose names begin like this.
    prefix: Option<String>,
}

impl List for Things {
    type Resource = Thing;

    async fn list(self, found: &Found<Thing>, cx: &Cx<Store>) -> Result<()> {
        let prefix = self.prefix.unwrap_or_default();
        for thing in cx.client().list::<Thing>(Thing::NAME)? {
            if thing.name.starts_with(&prefix) {
                found.add(Listed::object(thing.name.clone(), &thing)).await;
            }
        }
        Ok(())
    }
}
