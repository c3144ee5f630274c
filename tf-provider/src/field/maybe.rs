//! What may be known only later.

use super::Field;
use crate::{
    diagnostics::Diagnostics,
    path::Path,
    schema::{AttributeType, Mode},
    value::{DecodeError, Value},
};

/// An attribute of a configuration or plan that is not complete yet.
///
/// An object or collection of which any part is unknown counts as unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Maybe<T> {
    /// To be known after apply.
    Unknown,
    /// Not set.
    #[default]
    Null,
    /// Known.
    Known(T),
}

impl<T> Maybe<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// The value, if it is known.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Whether it is known that there is a value.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Whether it is known that there is none.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is not known yet what the value is, or whether there is one.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The same, of what the value is turned into.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Maybe<U> {
        match self {
            Self::Known(value) => Maybe::Known(f(value)),
            Self::Null => Maybe::Null,
            Self::Unknown => Maybe::Unknown,
        }
    }

    /// The same, of what the value is turned into, which may again be unknown or null.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Maybe<U>) -> Maybe<U> {
        match self {
            Self::Known(value) => f(value),
            Self::Null => Maybe::Null,
            Self::Unknown => Maybe::Unknown,
        }
    }

    /// A look at the value, if it is known.
    pub fn as_ref(&self) -> Maybe<&T> {
        match self {
            Self::Known(value) => Maybe::Known(value),
            Self::Null => Maybe::Null,
            Self::Unknown => Maybe::Unknown,
        }
    }

    /// This value, or the other one if it is known that there is none here.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_null() { other } else { self }
    }
}

impl<T: Field> Maybe<T> {
    /// Reads it.
    pub fn decode(value: &Value) -> Result<Self, DecodeError> {
        match value {
            value if value.is_null() => Ok(Self::Null),
            value if !value.is_wholly_known() => Ok(Self::Unknown),
            value => T::decode(value.clone()).map(Self::Known),
        }
    }

    /// Writes it.
    pub fn encode(&self) -> Value {
        match self {
            Self::Unknown => Value::unknown(),
            Self::Null => Value::Null,
            Self::Known(value) => value.encode(),
        }
    }

    /// Writes it over a value. What is unknown here and not wholly known there stays as it is,
    /// because there more is known about it.
    pub fn merge(&self, over: &mut Value) {
        if !self.is_unknown() || over.is_wholly_known() {
            *over = self.encode();
        }
    }
}

/// The parameter of a function that wants to be called with null and with what is unknown, too.
impl<T: Field> Field for Maybe<T> {
    type Inner = T::Inner;
    const MODE: Mode = Mode::Optional;
    const SENSITIVE: bool = T::SENSITIVE;
    const NULL_ELEMENTS: bool = T::NULL_ELEMENTS;
    const UNKNOWN: bool = true;

    fn kind() -> AttributeType {
        T::kind()
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        Self::decode(&value)
    }

    fn encode(&self) -> Value {
        self.encode()
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        Option::<T>::semantic_equals(a, b)
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        Option::<T>::check(value, at, out);
    }
}

impl<T> From<T> for Maybe<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Option<T>> for Maybe<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partly_known_value_is_unknown() {
        let half = Value::list(["a".into(), Value::unknown()]);
        assert_eq!(Maybe::<Vec<String>>::decode(&half), Ok(Maybe::Unknown));
        assert_eq!(Maybe::<Vec<String>>::decode(&Value::Null), Ok(Maybe::Null));
        assert!(Maybe::<String>::decode(&true.into()).is_err());
    }

    #[test]
    fn merge_keeps_the_more_precise_value() {
        let half = Value::list(["a".into(), Value::unknown()]);
        let mut over = half.clone();
        Maybe::<Vec<String>>::Unknown.merge(&mut over);
        assert_eq!(over, half);
        Maybe::Known(vec!["b".to_owned()]).merge(&mut over);
        assert_eq!(over, Value::list(["b".into()]));
        Maybe::<Vec<String>>::Unknown.merge(&mut over);
        assert_eq!(over, Value::unknown());
    }
}
