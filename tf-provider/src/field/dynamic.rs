//! Values of any type.

use super::Field;
use crate::{
    schema::AttributeType,
    value::{DecodeError, Type, Value},
};

/// A value of any type, with the type that it has now.
///
/// It is for what the service itself takes in any shape, such as the settings of a plugin; Terraform can
/// check nothing of it. A service that speaks JSON knows no tuples, sets or objects: the answer is made
/// from a plain [`Value`], and means the same as what was written if it looks the same.
///
/// ```
/// use tf_provider::{Dynamic, Value};
///
/// let settings = Dynamic::from(Value::map([("size", 1.into())]));
/// assert_eq!(settings.ty().to_string(), "object({ size = number })");
/// assert_eq!(settings.value().get("size"), &Value::from(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    ty: Type,
    value: Value,
}

impl Dynamic {
    /// Its type.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The value without its type.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The value without its type.
    pub fn into_value(self) -> Value {
        self.value
    }
}

/// With the type that came along, or else the type that such a value has in a configuration.
impl From<Value> for Dynamic {
    fn from(value: Value) -> Self {
        match value {
            Value::Dynamic(inner) => {
                let (ty, value) = *inner;
                Self { ty, value }
            }
            plain => Self { ty: plain.implied_type(), value: plain },
        }
    }
}

impl Field for Dynamic {
    type Inner = Self;

    fn kind() -> AttributeType {
        AttributeType::Plain(Type::Dynamic)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        // A type without a value is no value.
        if value.is_null() || !value.is_wholly_known() {
            return Err(DecodeError::expected("a value", &value));
        }
        Ok(value.into())
    }

    fn encode(&self) -> Value {
        Value::Dynamic(Box::new((self.ty.clone(), self.value.clone())))
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        bare(a) == bare(b)
    }
}

fn bare(value: &Value) -> &Value {
    match value {
        Value::Dynamic(inner) => &inner.1,
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{field::Maybe, value::arbitrary::value_of};

    fn typed(ty: &str, value: impl Into<Value>) -> Value {
        let ty = Type::from_json(ty.as_bytes()).unwrap();
        Value::Dynamic(Box::new((ty, value.into())))
    }

    proptest! {
        #[test]
        fn type_and_value_are_kept(value in value_of(&Type::Dynamic, false)) {
            match Dynamic::decode(value.clone()) {
                Ok(read) => prop_assert_eq!(read.encode(), value),
                Err(_) => prop_assert!(value.is_null() || !value.is_wholly_known()),
            }
        }
    }

    #[test]
    fn null_and_unknown_have_a_type_too() {
        for (value, expected) in [
            (typed(r#""string""#, Value::Null), Maybe::Null),
            (typed(r#""string""#, Value::unknown()), Maybe::Unknown),
            (typed(r#"["tuple",["string"]]"#, Value::list([Value::unknown()])), Maybe::Unknown),
            (Value::Null, Maybe::Null),
            (Value::unknown(), Maybe::Unknown),
            (typed(r#""number""#, 1), Maybe::Known(Value::from(1).into())),
        ] {
            assert_eq!(Maybe::<Dynamic>::decode(&value), Ok(expected), "{value:?}");
        }
    }

    #[test]
    fn equal_spellings_are_semantically_equal() {
        let list = typed(r#"["list","string"]"#, Value::list(["a".into()]));
        for (other, expected) in [
            (typed(r#"["tuple",["string"]]"#, Value::list(["a".into()])), true),
            (Value::list(["a".into()]), true),
            (typed(r#"["list","string"]"#, Value::list(["b".into()])), false),
            (typed(r#""string""#, "a"), false),
        ] {
            assert_eq!(Dynamic::semantic_equals(&list, &other), expected, "{other:?}");
        }
    }
}
