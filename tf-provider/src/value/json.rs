//! Values as Terraform stores them.

use super::{DecodeError, EncodeError, Value};
use crate::schema::Type;

/// Reads a value of that type. Missing attributes are null, others than those of the type an error.
pub fn decode(_bytes: &[u8], _ty: &Type) -> Result<Value, DecodeError> {
    Err(DecodeError::new("not written yet"))
}

/// Reads a state that another version of the provider may have written: attributes that there are
/// no more are left out.
pub fn decode_state(_bytes: &[u8], _ty: &Type) -> Result<Value, DecodeError> {
    Err(DecodeError::new("not written yet"))
}

/// Writes a value of that type. There is no JSON for an unknown.
pub fn encode(_value: &Value, _ty: &Type) -> Result<Vec<u8>, EncodeError> {
    Err(EncodeError { message: "not written yet".to_owned() })
}
