//! Which objects of a list are asked for: `labelSelector` and `fieldSelector`.

use serde_json::{Map, Value};

use super::{metadata, status::Status};

/// A parsed `labelSelector`: every requirement must hold.
#[derive(Debug, Default)]
pub(super) struct Labels(Vec<Requirement>);

#[derive(Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

impl Labels {
    pub(super) fn parse(text: &str) -> Result<Self, Status> {
        let requirements: Option<Vec<_>> =
            split(text).into_iter().map(Requirement::parse).collect();
        let unreadable = || Status::bad_request(format!("unable to parse requirement: {text:?}"));
        requirements.map(Self).ok_or_else(unreadable)
    }

    pub(super) fn select(&self, object: &Value) -> bool {
        let none = Map::new();
        let labels = metadata::get(object, "labels").and_then(Value::as_object).unwrap_or(&none);
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((key, values)) = text.split_once('(') {
            let values = values.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned());
            let (key, operator) = key.trim_end().rsplit_once(char::is_whitespace)?;
            let key = word(key)?;
            return match operator {
                "in" => Some(Self::In(key, values.collect())),
                "notin" => Some(Self::NotIn(key, values.collect())),
                _ => None,
            };
        }
        let value = |value: &str| vec![value.trim().to_owned()];
        if let Some((key, unwanted)) = text.split_once("!=") {
            return Some(Self::NotIn(word(key)?, value(unwanted)));
        }
        if let Some((key, wanted)) = text.split_once("==").or_else(|| text.split_once('=')) {
            return Some(Self::In(word(key)?, value(wanted)));
        }
        match text.strip_prefix('!') {
            Some(key) => Some(Self::Missing(word(key)?)),
            None => Some(Self::Exists(word(text)?)),
        }
    }

    fn holds(&self, labels: &Map<String, Value>) -> bool {
        let is_one_of = |key: &String, values: &Vec<String>| {
            let label = labels.get(key).and_then(Value::as_str);
            label.is_some_and(|label| values.iter().any(|value| value == label))
        };
        match self {
            Self::In(key, values) => is_one_of(key, values),
            Self::NotIn(key, values) => !is_one_of(key, values),
            Self::Exists(key) => labels.contains_key(key),
            Self::Missing(key) => !labels.contains_key(key),
        }
    }
}

/// Whether an object matches a `fieldSelector`; only name and namespace can be asked for.
pub(super) fn fields_match(selector: &str, object: &Value) -> Result<bool, Status> {
    for term in selector.split(',').filter(|term| !term.is_empty()) {
        let unknown = || Status::bad_request(format!("field label not supported: {term}"));
        let (field, value) = term.split_once('=').ok_or_else(unknown)?;
        let value = value.strip_prefix('=').unwrap_or(value);
        let field = match field {
            "metadata.name" => "name",
            "metadata.namespace" => "namespace",
            _ => return Err(unknown()),
        };
        if metadata::text(object, field) != value {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A key of a label: one word.
fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let is_word =
        !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "=!(),".contains(c));
    is_word.then(|| text.to_owned())
}

/// The parts between commas that are not in parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let parts = text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_selected_by_labels() {
        #[track_caller]
        fn check(selector: &str, expected: Option<bool>) {
            let object = json!({"metadata": {"labels": {"app": "web", "a.b/tier": "front"}}});
            let selected = Labels::parse(selector).ok().map(|labels| labels.select(&object));
            assert_eq!(selected, expected, "{selector}");
        }
        check("", Some(true));
        check("app=web", Some(true));
        check("app==web", Some(true));
        check("app = db", Some(false));
        check("app!=db", Some(true));
        check("other!=db", Some(true));
        check("app=web,a.b/tier=front", Some(true));
        check("app=web,a.b/tier=back", Some(false));
        check("app in (db, web),a.b/tier", Some(true));
        check("app in (db)", Some(false));
        check("app notin (db,cache)", Some(true));
        check("other notin (db)", Some(true));
        check("app", Some(true));
        check("!app", Some(false));
        check("!other", Some(true));
        check("app near (db)", None);
        check("app in (db", None);
        check("=web", None);
        check("a b", None);
    }

    #[test]
    fn objects_are_selected_by_fields() {
        let object = json!({"metadata": {"name": "n", "namespace": "s"}});
        for (selector, expected) in [
            ("", Some(true)),
            ("metadata.name=n", Some(true)),
            ("metadata.name==n,metadata.namespace=other", Some(false)),
            ("spec.podSelector=x", None),
            ("metadata.name", None),
        ] {
            assert_eq!(fields_match(selector, &object).ok(), expected, "{selector}");
        }
    }
}
