//! Action `kitchen_note`: writes a note on things.

use tf_provider::{Action, Cx, Diagnostic, Model, Result};

use crate::{store::Store, thing::Thing};

/// Writes a note on things, one after the other.
#[derive(Model, Clone, Debug)]
pub(crate) struct Note {
    /// Identifiers of the things.
    ids: Vec<String>,
    /// The note.
    #[tf(default = "noted")]
    note: String,
}

impl Action for Note {
    const NAME: &'static str = "note";
    type Client = Store;

    async fn invoke(self, cx: &Cx<Store>) -> Result<()> {
        for id in &self.ids {
            cx.progress(format!("writing on {id}"));
            let found = cx.client().find::<Thing>(id)?;
            let mut thing = found
                .ok_or_else(|| Diagnostic::error(format!("there is no thing {id}")).at("ids"))?;
            thing.note.clone_from(&self.note);
            cx.client().put(id, &thing)?;
        }
        Ok(())
    }
}
