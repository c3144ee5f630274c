//! Text, truth and numbers.

use secrecy::{ExposeSecret, SecretString};

use super::Field;
use crate::{
    diagnostics::Diagnostics,
    path::Path,
    schema::{AttributeType, Mode},
    value::{DecodeError, Number, Type, Value},
};

impl Field for String {
    type Inner = Self;

    fn kind() -> AttributeType {
        AttributeType::Plain(Type::String)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(DecodeError::expected("a string", &other)),
        }
    }

    fn encode(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl Field for SecretString {
    type Inner = Self;
    const SENSITIVE: bool = true;

    fn kind() -> AttributeType {
        String::kind()
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        String::decode(value).map(Self::from)
    }

    fn encode(&self) -> Value {
        Value::from(self.expose_secret())
    }
}

impl Field for bool {
    type Inner = Self;

    fn kind() -> AttributeType {
        AttributeType::Plain(Type::Bool)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Bool(value) => Ok(value),
            other => Err(DecodeError::expected("a bool", &other)),
        }
    }

    fn encode(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Field for Number {
    type Inner = Self;

    fn kind() -> AttributeType {
        AttributeType::Plain(Type::Number)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Number(number) => Ok(number),
            other => Err(DecodeError::expected("a number", &other)),
        }
    }

    fn encode(&self) -> Value {
        Value::Number(self.clone())
    }
}

/// Holds 17 digits, as floats do; where more matter, use [`Number`].
impl Field for f64 {
    type Inner = Self;

    fn kind() -> AttributeType {
        Number::kind()
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        Number::decode(value).map(|number| number.to_f64())
    }

    /// Terraform has no number for NaN and infinity; they become null.
    fn encode(&self) -> Value {
        Number::from_f64(*self).map_or(Value::Null, Value::Number)
    }
}

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl Field for $int {
            type Inner = Self;

            fn kind() -> AttributeType {
                Number::kind()
            }

            fn decode(value: Value) -> Result<Self, DecodeError> {
                let number = Number::decode(value)?;
                number.to_i128().and_then(|int| int.try_into().ok()).ok_or_else(|| {
                    DecodeError::new(format!(
                        "must be a whole number from {} to {}",
                        Self::MIN,
                        Self::MAX,
                    ))
                })
            }

            fn encode(&self) -> Value {
                Value::Number((*self).into())
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 u8 u16 u32 u64);

impl<T: Field> Field for Option<T> {
    type Inner = T::Inner;
    const MODE: Mode = Mode::Optional;
    const SENSITIVE: bool = T::SENSITIVE;
    const WRITE_ONLY: bool = T::WRITE_ONLY;
    const NULL_ELEMENTS: bool = T::NULL_ELEMENTS;

    fn kind() -> AttributeType {
        T::kind()
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        if value.is_null() { Ok(None) } else { T::decode(value).map(Some) }
    }

    fn encode(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::encode)
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        match (a.is_null(), b.is_null()) {
            (false, false) => T::semantic_equals(a, b),
            (a, b) => a == b,
        }
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        if !value.is_null() {
            T::check(value, at, out);
        }
    }
}

impl<T: Field> Field for Box<T> {
    type Inner = T::Inner;
    const MODE: Mode = T::MODE;
    const SENSITIVE: bool = T::SENSITIVE;
    const WRITE_ONLY: bool = T::WRITE_ONLY;
    const NULL_ELEMENTS: bool = T::NULL_ELEMENTS;

    fn kind() -> AttributeType {
        T::kind()
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        T::decode(value).map(Self::new)
    }

    fn encode(&self) -> Value {
        T::encode(self)
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        T::semantic_equals(a, b)
    }

    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        T::check(value, at, out);
    }
}
