//! Why bytes or a value could not be read or written.

use std::fmt;

use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    path::{Path, Step},
    value::Value,
};

/// What was found does not fit what was expected, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    path: Path,
    message: String,
}

/// A value that has no spelling in the format asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    message: String,
}

impl EncodeError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl DecodeError {
    /// An error at the value itself.
    pub fn new(message: impl Into<String>) -> Self {
        Self { path: Path::root(), message: message.into() }
    }

    /// Something else was expected: `a number is required, not a string`.
    pub fn expected(what: &str, found: &Value) -> Self {
        Self::new(format!("{what} is required, not {}", found.describe()))
    }

    /// The same error, seen from one step further out.
    #[must_use]
    pub fn within(self, step: Step) -> Self {
        Self { path: self.path.within(step), ..self }
    }

    /// The same error, inside the attribute of that name.
    #[must_use]
    pub fn in_attribute(self, name: &str) -> Self {
        self.within(Step::Attribute(name.to_owned()))
    }

    /// The same error, inside the list element of that index.
    #[must_use]
    pub fn in_element(self, index: usize) -> Self {
        self.within(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// The same error, inside the map element of that key.
    #[must_use]
    pub fn in_key(self, key: &str) -> Self {
        self.within(Step::Key(key.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong there.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}
impl std::error::Error for EncodeError {}

impl From<DecodeError> for Diagnostic {
    fn from(error: DecodeError) -> Self {
        Self::invalid(&error.path, &error.message)
    }
}

impl From<DecodeError> for Diagnostics {
    fn from(error: DecodeError) -> Self {
        Diagnostic::from(error).into()
    }
}
