//! JSON Merge Patch (RFC 7386) and JSON Patch (RFC 6902), by which tests change policies out of
//! band.

use serde_json::{Map, Value};

/// `target` changed as RFC 7386 says: objects are merged, null removes, all else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(fields) = target.as_object_mut() else { return };
    for (name, change) in patch {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// `target` changed by each operation of `patch` in turn; the error says which one failed.
pub(super) fn operations(target: &mut Value, patch: &Value) -> Result<(), String> {
    let operations = patch.as_array().ok_or("a JSON patch is a list of operations")?;
    for operation in operations {
        apply_operation(target, operation).ok_or_else(|| format!("cannot apply {operation}"))?;
    }
    Ok(())
}

fn apply_operation(target: &mut Value, operation: &Value) -> Option<()> {
    let text = |field: &str| operation.get(field)?.as_str();
    let value = || operation.get("value").cloned();
    let path = text("path")?;
    match text("op")? {
        "add" => add(target, path, value()?),
        "remove" => remove(target, path).map(drop),
        "replace" => {
            *target.pointer_mut(path)? = value()?;
            Some(())
        }
        "test" => (*target.pointer(path)? == value()?).then_some(()),
        "copy" => {
            let copied = target.pointer(text("from")?)?.clone();
            add(target, path, copied)
        }
        "move" => {
            let moved = remove(target, text("from")?)?;
            add(target, path, moved)
        }
        _ => None,
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Option<()> {
    let Some((parent, last)) = path.rsplit_once('/') else {
        *target = value;
        return Some(());
    };
    match target.pointer_mut(parent)? {
        Value::Object(fields) => {
            fields.insert(unescape(last), value);
        }
        Value::Array(items) => {
            let index = if last == "-" { items.len() } else { last.parse().ok()? };
            if index > items.len() {
                return None;
            }
            items.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(target: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = path.rsplit_once('/')?;
    match target.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&unescape(last)),
        Value::Array(items) => {
            let index = last.parse().ok()?;
            (index < items.len()).then(|| items.remove(index))
        }
        _ => None,
    }
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "tables read better without borrows")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_patch_merges_replaces_and_removes() {
        #[track_caller]
        fn check(mut target: Value, patch: Value, expected: Value) {
            merge(&mut target, &patch);
            assert_eq!(target, expected);
        }
        check(json!({"a": 1, "b": 2}), json!({"a": 3}), json!({"a": 3, "b": 2}));
        check(json!({"a": {"b": 1}}), json!({"a": {"b": null}}), json!({"a": {}}));
        check(json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]}));
        check(json!({"a": 1}), json!({"a": {"b": null, "c": 2}}), json!({"a": {"c": 2}}));
    }

    #[test]
    fn json_patch_operations_change_the_target_or_fail() {
        #[track_caller]
        fn check(operation: Value, expected: Option<Value>) {
            let mut target = json!({"a": [1, 2], "b/c": {"d": 3}});
            let done = operations(&mut target, &json!([operation]));
            assert_eq!(done.is_ok().then_some(target), expected, "{done:?}");
        }
        let at = |op: &str, path: &str| json!({"op": op, "path": path, "value": 9});
        check(at("add", "/a/1"), Some(json!({"a": [1, 9, 2], "b/c": {"d": 3}})));
        check(at("add", "/a/-"), Some(json!({"a": [1, 2, 9], "b/c": {"d": 3}})));
        check(at("add", "/a/4"), None);
        check(at("add", "/b~1c/e"), Some(json!({"a": [1, 2], "b/c": {"d": 3, "e": 9}})));
        check(at("replace", "/a/0"), Some(json!({"a": [9, 2], "b/c": {"d": 3}})));
        check(at("replace", "/x"), None);
        check(at("remove", "/a/0"), Some(json!({"a": [2], "b/c": {"d": 3}})));
        check(at("remove", "/b~1c/d"), Some(json!({"a": [1, 2], "b/c": {}})));
        check(at("remove", "/x"), None);
        check(at("test", "/a/0"), None);
        check(at("invent", "/a/0"), None);
        check(
            json!({"op": "move", "from": "/b~1c/d", "path": "/e"}),
            Some(json!({"a": [1, 2], "b/c": {}, "e": 3})),
        );
        check(
            json!({"op": "copy", "from": "/a/0", "path": "/e"}),
            Some(json!({"a": [1, 2], "b/c": {"d": 3}, "e": 1})),
        );
    }
}
