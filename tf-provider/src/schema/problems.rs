//! What is wrong with a schema: to be found by a provider's own unit test, not by its users.

use super::Object;

impl Object {
    /// Every rule of Terraform, and of this crate, that the schema breaks.
    pub fn problems(&self) -> Vec<String> {
        Vec::new()
    }
}
