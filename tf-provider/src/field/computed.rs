//! Attributes that the provider decides.

use super::{Field, Maybe};
use crate::{
    diagnostics::{Diagnostic, Diagnostics, Result},
    path::Path,
    schema::{AttributeType, Mode},
    value::{DecodeError, Value},
};

/// An attribute that the provider decides, unknown until it has.
///
/// ```
/// use tf_provider::Computed;
///
/// let id = Computed::from("sg-1".to_owned());
/// assert_eq!(id.get()?, "sg-1");
/// assert_eq!(Computed::<String>::unknown().ok(), None);
/// # Ok::<(), tf_provider::Diagnostics>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Computed<T>(Maybe<T>);

impl<T> Computed<T> {
    /// The provider has decided.
    pub const fn known(value: T) -> Self {
        Self(Maybe::Known(value))
    }

    /// The provider has decided that there is none.
    pub const fn null() -> Self {
        Self(Maybe::Null)
    }

    /// The provider has not decided yet.
    pub const fn unknown() -> Self {
        Self(Maybe::Unknown)
    }

    /// The value, if the provider has decided on one.
    pub fn ok(&self) -> Option<&T> {
        self.0.known()
    }

    /// The value, if the provider has decided on one.
    pub fn into_ok(self) -> Option<T> {
        self.0.into_known()
    }

    /// The value, where the provider must have decided on one: in everything that it has created.
    pub fn get(&self) -> Result<&T> {
        self.ok().ok_or_else(|| {
            Diagnostic::bug(format!(
                "A computed attribute of type `{}` has no value in the state, and should have one \
                 since the object was created.",
                std::any::type_name::<T>(),
            ))
            .into()
        })
    }

    /// What is known of it.
    pub fn as_maybe(&self) -> &Maybe<T> {
        &self.0
    }
}

impl<T> Default for Computed<T> {
    fn default() -> Self {
        Self::unknown()
    }
}

impl<T> From<T> for Computed<T> {
    fn from(value: T) -> Self {
        Self::known(value)
    }
}

impl<T> From<Option<T>> for Computed<T> {
    fn from(value: Option<T>) -> Self {
        Self(value.into())
    }
}

impl<T> From<Maybe<T>> for Computed<T> {
    fn from(value: Maybe<T>) -> Self {
        Self(value)
    }
}

impl<T: Field> Field for Computed<T> {
    type Inner = T::Inner;
    const MODE: Mode = Mode::Computed;
    const SENSITIVE: bool = T::SENSITIVE;
    const NULL_ELEMENTS: bool = T::NULL_ELEMENTS;

    fn kind() -> AttributeType {
        T::kind()
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        match value {
            value if value.is_null() => Ok(Self::null()),
            value if !value.is_wholly_known() => Ok(Self::unknown()),
            value => T::decode(value).map(Self::known),
        }
    }

    fn encode(&self) -> Value {
        self.0.encode()
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        Option::<T>::semantic_equals(a, b)
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        Option::<T>::check(value, at, out);
    }
}
