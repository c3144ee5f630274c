//! Values as Terraform sends them.

use super::{DecodeError, Value};
use crate::schema::Type;

/// Reads a value of that type. No bytes at all are null.
pub fn decode(_bytes: &[u8], _ty: &Type) -> Result<Value, DecodeError> {
    Err(DecodeError::new("not written yet"))
}

/// Writes a value of that type.
pub fn encode(_value: &Value, _ty: &Type) -> Vec<u8> {
    Vec::new()
}
