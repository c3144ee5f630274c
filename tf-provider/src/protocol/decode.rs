//! From the wire to values.

use std::collections::BTreeMap;

use super::generated::tfplugin6 as wire;
use crate::{
    Diagnostic, Diagnostics, Json, Result, Value,
    value::{Type, json, msgpack},
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
                .detail("It was written by Terraform 0.11 or earlier.")
                .remedy("upgrade it with Terraform 0.12 first.")
                .into())
        }
        _ => Ok(b"null"),
    }
}

/// State of another provider, in whatever notation.
pub(super) fn foreign(state: Option<&wire::RawState>) -> Result<Json> {
    match state {
        Some(state) if state.json.is_empty() => Ok(unflattened(&state.flatmap)),
        Some(state) => serde_json::from_slice(&state.json).map_err(|error| {
            Diagnostic::error("cannot read the state of the other provider")
                .detail(format!("It is not valid JSON: {error}"))
                .into()
        }),
        None => Ok(Json::Null),
    }
}

/// The tree that `{"tags.%": "1", "tags.a": "x", "ports.#": "1", "ports.0": "80"}` stands for.
fn unflattened(flat: &BTreeMap<String, String>) -> Json {
    let mut groups: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    let mut object = serde_json::Map::new();
    for (key, text) in flat {
        match key.split_once('.') {
            Some((name, rest)) => {
                groups.entry(name).or_default().insert(rest.to_owned(), text.clone());
            }
            None => drop(object.insert(key.clone(), Json::from(text.as_str()))),
        }
    }
    for (name, mut inside) in groups {
        let group = if inside.remove("#").is_some() {
            let Json::Object(elements) = unflattened(&inside) else { continue };
            let mut elements: Vec<_> = elements.into_iter().collect();
            // Elements of sets are counted by their hashes.
            elements.sort_by_key(|(index, _)| index.parse::<u64>().unwrap_or(u64::MAX));
            elements.into_iter().map(|(_, element)| element).collect()
        } else if inside.remove("%").is_some() {
            // The keys of a map may have dots.
            inside.into_iter().map(|(key, text)| (key, Json::from(text))).collect()
        } else {
            unflattened(&inside)
        };
        object.insert(name.to_owned(), group);
    }
    Json::Object(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    #[test]
    fn state_of_another_provider_may_be_flat() {
        let flat = [
            ("id", "1"),
            ("tags.%", "2"),
            ("tags.a.b", "x"),
            ("tags.c", "y"),
            ("ports.#", "2"),
            ("ports.10", "443"),
            ("ports.9", "80"),
            ("rule.#", "1"),
            ("rule.0.peer", "::1"),
            ("none.#", "0"),
        ];
        let flatmap = flat.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
        let state = wire::RawState { json: vec![], flatmap };
        let expected = json!({
            "id": "1", "tags": {"a.b": "x", "c": "y"}, "ports": ["80", "443"],
            "rule": [{"peer": "::1"}], "none": [],
        });
        assert_eq!(foreign(Some(&state)), Ok(expected));
        assert_eq!(foreign(None), Ok(Json::Null));
        let state = wire::RawState { json: b"{".into(), ..Default::default() };
        assert!(foreign(Some(&state)).is_err());
    }
}
