//! From the wire to values.

use super::generated::tfplugin6 as wire;
use crate::{
    Diagnostic, Diagnostics, Result, Value,
    schema::Type,
    value::{json, msgpack},
};

/// A value of a type. What is absent is null.
pub(super) fn value(value: Option<&wire::DynamicValue>, ty: &Type) -> Result<Value> {
    let decoded = match value {
        Some(value) if !value.msgpack.is_empty() => msgpack::decode(&value.msgpack, ty),
        Some(value) if !value.json.is_empty() => json::decode(&value.json, ty),
        _ => Ok(Value::Null),
    };
    decoded.map_err(Diagnostics::from)
}

/// Stored state, which is JSON.
pub(super) fn stored(state: Option<&wire::RawState>) -> Result<&[u8]> {
    match state {
        Some(state) if !state.json.is_empty() => Ok(&state.json),
        Some(state) if !state.flatmap.is_empty() => {
            Err(Diagnostic::error("cannot read the stored state")
                .detail(
                    "It was written by Terraform 0.11 or earlier.\n\n\
                     What to do: upgrade it with Terraform 0.12 first.",
                )
                .into())
        }
        _ => Ok(b"null"),
    }
}
