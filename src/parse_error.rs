//! Why a text of the configuration is not what it should be.

/// Says which form is expected. It never quotes the text, which may be a misplaced secret; what has
/// been parsed may be quoted, in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

impl ParseError {
    /// `expected("a region, such as `ap-guangzhou`")`.
    pub(crate) fn expected(what: impl AsRef<str>) -> Self {
        Self(format!("expected {}", what.as_ref()))
    }

    /// For a text of the expected form that is refused for another reason.
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
