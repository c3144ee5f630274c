//! Types as Terraform writes them.

use std::{collections::BTreeSet, fmt};

use serde_json::{Value as Json, json};

use super::{DecodeError, Key, Map};

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// A number of any size.
    Number,
    /// Elements of one type, in order.
    List(Box<Self>),
    /// Elements of one type, without order or duplicates.
    Set(Box<Self>),
    /// Elements of one type, each under a key.
    Map(Box<Self>),
    /// Attributes, each of its own type.
    Object {
        /// The type of each.
        attributes: Map<Self>,
        /// Those that a configuration may leave out. This says how to convert what a user wrote;
        /// values always have all attributes.
        optional: BTreeSet<String>,
    },
    /// Elements in order, each of its own type.
    Tuple(Vec<Self>),
    /// Any type: it is sent along with each value.
    Dynamic,
}

impl Type {
    /// An object of which no attribute may be left out.
    pub fn object<K: Into<Key>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object { attributes: attributes.into_iter().collect(), optional: BTreeSet::new() }
    }

    /// The same object with attributes that may be left out.
    pub(crate) fn with_optional(self, names: impl IntoIterator<Item = String>) -> Self {
        match self {
            Self::Object { attributes, .. } => {
                Self::Object { attributes, optional: names.into_iter().collect() }
            }
            other => other,
        }
    }

    /// Terraform's JSON notation: `["list","string"]`.
    pub fn to_json(&self) -> String {
        self.as_json().to_string()
    }

    /// Reads Terraform's JSON notation.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        let invalid = |_| DecodeError::new("this is not a Terraform type");
        Self::of_json(&serde_json::from_slice(json).map_err(invalid)?)
    }

    /// Whether values of this type may have parts of any type.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::String | Self::Bool | Self::Number => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Object { attributes, .. } => attributes.values().any(Self::has_dynamic),
            Self::Tuple(elements) => elements.iter().any(Self::has_dynamic),
        }
    }

    pub(crate) fn as_json(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Bool => json!("bool"),
            Self::Number => json!("number"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.as_json()]),
            Self::Set(element) => json!(["set", element.as_json()]),
            Self::Map(element) => json!(["map", element.as_json()]),
            Self::Tuple(elements) => {
                json!(["tuple", elements.iter().map(Self::as_json).collect::<Vec<_>>()])
            }
            Self::Object { attributes, optional } => {
                let attributes: serde_json::Map<_, _> =
                    attributes.iter().map(|(name, ty)| (name.into(), ty.as_json())).collect();
                if optional.is_empty() {
                    json!(["object", attributes])
                } else {
                    json!(["object", attributes, optional])
                }
            }
        }
    }

    fn of_json(json: &Json) -> Result<Self, DecodeError> {
        let invalid = || DecodeError::new("this is not a Terraform type");
        let parts = match json {
            Json::String(name) => {
                return match name.as_str() {
                    "string" => Ok(Self::String),
                    "bool" => Ok(Self::Bool),
                    "number" => Ok(Self::Number),
                    "dynamic" => Ok(Self::Dynamic),
                    _ => Err(invalid()),
                };
            }
            Json::Array(parts) => parts.as_slice(),
            _ => return Err(invalid()),
        };
        let boxed = |element| Self::of_json(element).map(Box::new);
        match parts {
            [Json::String(name), element] if name == "list" => boxed(element).map(Self::List),
            [Json::String(name), element] if name == "set" => boxed(element).map(Self::Set),
            [Json::String(name), element] if name == "map" => boxed(element).map(Self::Map),
            [Json::String(name), Json::Array(elements)] if name == "tuple" => {
                elements.iter().map(Self::of_json).collect::<Result<_, _>>().map(Self::Tuple)
            }
            [Json::String(name), Json::Object(attributes), rest @ ..] if name == "object" => {
                let attributes = attributes
                    .iter()
                    .map(|(name, ty)| Ok((name, Self::of_json(ty)?)))
                    .collect::<Result<Map<_>, DecodeError>>()?;
                let optional: BTreeSet<String> = match rest {
                    [] => BTreeSet::new(),
                    [Json::Array(names)] => names
                        .iter()
                        .map(|name| name.as_str().map(str::to_owned).ok_or_else(invalid))
                        .collect::<Result<_, _>>()?,
                    _ => return Err(invalid()),
                };
                if optional.iter().all(|name| attributes.contains_key(name.as_str())) {
                    Ok(Self::Object { attributes, optional })
                } else {
                    Err(invalid())
                }
            }
            _ => Err(invalid()),
        }
    }
}

/// As a Terraform configuration writes it: `list(object({ port = optional(number) }))`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::Dynamic => f.write_str("any"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (n, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if n == 0 { "" } else { ", " })?;
                }
                f.write_str("])")
            }
            Self::Object { attributes, optional } => {
                f.write_str("object({")?;
                for (n, (name, ty)) in attributes.iter().enumerate() {
                    f.write_str(if n == 0 { " " } else { ", " })?;
                    if optional.contains(name.as_str()) {
                        write!(f, "{name} = optional({ty})")?;
                    } else {
                        write!(f, "{name} = {ty}")?;
                    }
                }
                f.write_str(" })")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, hcl: &str) {
        let ty = Type::from_json(json.as_bytes()).unwrap();
        assert_eq!(ty.to_json(), json);
        assert_eq!(ty.to_string(), hcl);
    }

    #[test]
    fn ok_both_notations() {
        check(r#""string""#, "string");
        check(r#"["list","bool"]"#, "list(bool)");
        check(r#"["set",["map","number"]]"#, "set(map(number))");
        check(r#"["tuple",["string","dynamic"]]"#, "tuple([string, any])");
        check(r#"["object",{"a":"string"}]"#, "object({ a = string })");
        check(
            r#"["list",["object",{"a":"string","b":"number"},["b"]]]"#,
            "list(object({ a = string, b = optional(number) }))",
        );
    }

    #[test]
    fn err_what_is_no_type() {
        let deep = format!("{}\"string\"{}", "[\"list\",".repeat(100_000), "]".repeat(100_000));
        for json in [
            "",
            "null",
            "\"text\"",
            "[]",
            r#"["list"]"#,
            r#"["object",{"a":"string"},["b"]]"#,
            r#"["object",{"a":"string"},"a"]"#,
            r#"["tuple","string"]"#,
            &deep,
        ] {
            assert!(Type::from_json(json.as_bytes()).is_err());
        }
    }
}
