//! A rule whose Rust type is forgotten.

use std::{fmt, sync::Arc};

use crate::{diagnostics::Diagnostics, path::Path, value::Value};

/// A rule of some attribute.
#[derive(Clone)]
pub struct Validator {
    pub(crate) check: Arc<Check>,
    /// The rule in a few words, for the documentation.
    pub doc: Option<String>,
    /// What is wrong with the rule itself.
    pub problem: Option<String>,
}

/// Says what is wrong with a value that is known and not null.
pub(crate) type Check = dyn Fn(&Value, &Path, &mut Diagnostics) + Send + Sync;

impl Validator {
    /// Says what is wrong with a value that is known and not null.
    pub fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        (self.check)(value, at, out);
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Validator").field(&self.doc.as_deref().unwrap_or("a function")).finish()
    }
}
