//! Attributes that are passed on and never stored.

use std::fmt;

use super::Field;
use crate::{
    diagnostics::Diagnostics,
    path::Path,
    schema::{AttributeType, Mode},
    value::{DecodeError, Value},
};

/// An attribute that the configuration hands to the provider, and that neither a plan nor a state
/// holds. It is there while an object is created or updated, and absent in what is read back.
///
/// `WriteOnly<T>` must be configured, `Option<WriteOnly<T>>` may be.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct WriteOnly<T>(Option<T>);

impl<T> WriteOnly<T> {
    /// What the configuration says, while it is there.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> From<T> for WriteOnly<T> {
    fn from(value: T) -> Self {
        Self(Some(value))
    }
}

/// Does not print the value.
impl<T> fmt::Debug for WriteOnly<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "WriteOnly(..)" } else { "WriteOnly" })
    }
}

impl<T: Field> Field for WriteOnly<T> {
    type Inner = T::Inner;
    const MODE: Mode = T::MODE;
    const SENSITIVE: bool = T::SENSITIVE;
    const WRITE_ONLY: bool = true;
    const NULL_ELEMENTS: bool = T::NULL_ELEMENTS;

    fn kind() -> AttributeType {
        T::kind()
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        if value.is_null() {
            Ok(Self(None))
        } else {
            T::decode(value).map(|value| Self(Some(value)))
        }
    }

    /// Always null: what is encoded is stored.
    fn encode(&self) -> Value {
        Value::Null
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        Option::<T>::semantic_equals(a, b)
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        Option::<T>::check(value, at, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_only_value_is_decoded_but_not_encoded() {
        let secret = WriteOnly::<String>::decode("hunter2".into()).unwrap();
        assert_eq!(secret.get().map(String::as_str), Some("hunter2"));
        assert_eq!(secret.encode(), Value::Null);
        assert_eq!(format!("{secret:?}"), "WriteOnly(..)");
        assert_eq!(Option::<WriteOnly<String>>::MODE, Mode::Optional);
    }
}
