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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(msgpack: &[u8], json: &[u8], expected: Option<&Value>) {
        let sent = wire::DynamicValue { msgpack: msgpack.to_vec(), json: json.to_vec() };
        assert_eq!(value(Some(&sent), &Type::String).ok().as_ref(), expected);
    }

    #[test]
    fn what_is_absent_is_null() {
        assert_eq!(value(None, &Type::String), Ok(Value::Null));
        check(b"", b"", Some(&Value::Null));
        assert_eq!(stored(None).unwrap(), b"null");
    }

    #[test]
    fn either_notation() {
        check(b"\xa1x", b"", Some(&"x".into()));
        check(b"", b"\"x\"", Some(&"x".into()));
        check(b"\xc1", b"", None);
        check(b"", b"{", None);
    }

    #[test]
    fn state_of_an_ancient_terraform_is_refused() {
        let flatmap = [("id".to_owned(), "1".to_owned())].into();
        let state = wire::RawState { json: vec![], flatmap };
        assert_eq!(stored(Some(&state)).unwrap_err().to_string(), "cannot read the stored state");
    }
}
