//! A list.

use super::{Store, Thing, ThingId};
use crate::{Computed, Cx, Diagnostic, Found, List, Listed, Model, Result};

/// Lists things.
#[derive(Model, Clone, Debug)]
pub(crate) struct Things {
    /// In which way; some make the service misbehave.
    r#as: Option<String>,
}

impl List for Things {
    type Resource = Thing;

    async fn list(self, found: &Found<Thing>, cx: &Cx<Store>) -> Result<()> {
        let way = self.r#as.as_deref().unwrap_or_default();
        loop {
            let things: Vec<_> = cx.client().things().values().cloned().collect();
            for thing in things {
                let id = thing.id.get()?.clone();
                found
                    .add(match way {
                        "identity" => Listed::identity(id.clone(), &ThingId { id, name: None }),
                        "nobody" => Listed::object(id, &Thing { id: Computed::unknown(), ..thing }),
                        "warning" => Listed::object(id.clone(), &thing)
                            .warn(Diagnostic::warning(format!("this is {id}"))),
                        _ => Listed::object(id, &thing),
                    })
                    .await;
            }
            if way != "endless" {
                break;
            }
        }
        assert_ne!(way, "panic", "told to");
        if way == "error" {
            return Err(Diagnostic::error("told to").into());
        }
        cx.warn(Diagnostic::warning("that is all"));
        Ok(())
    }
}
