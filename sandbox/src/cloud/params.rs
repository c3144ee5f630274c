//! Parameters of a call, read as strictly as the cloud reads them.
//!
//! A request struct with `deny_unknown_fields` is the whole declaration: this deserializer turns
//! what serde finds wrong into the cloud's codes, with the parameter's dotted path.

use std::fmt;

use serde::{
    Deserialize,
    de::{
        DeserializeOwned, Deserializer, Error, Expected, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Value;

use super::envelope::ApiError;

/// Reads the parameters of one action.
pub(crate) fn read<T: DeserializeOwned>(params: &Value) -> Result<T, ApiError> {
    T::deserialize(Input { value: params, path: String::new() }).map_err(ParamError::error)
}

/// A whole number that clients send as a number or as text, whatever the reference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UintOrString(pub(crate) usize);

impl<'de> Deserialize<'de> for UintOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UintOrStringVisitor)
    }
}

struct UintOrStringVisitor;

impl Visitor<'_> for UintOrStringVisitor {
    type Value = UintOrString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 0")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<UintOrString, E> {
        let whole = usize::try_from(number).ok().map(UintOrString);
        whole.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<UintOrString, E> {
        Err(E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_str<E: Error>(self, number: &str) -> Result<UintOrString, E> {
        let whole = number.parse().ok().map(UintOrString);
        whole.ok_or_else(|| E::invalid_type(Unexpected::Str(number), &self))
    }
}

/// A value to deserialize, and its path.
struct Input<'de> {
    value: &'de Value,
    path: String,
}

impl<'de> Input<'de> {
    fn child(&self, step: impl fmt::Display, value: &'de Value) -> Self {
        Self { value, path: join(&self.path, &step.to_string()) }
    }
}

impl<'de> Deserializer<'de> for Input<'de> {
    type Error = ParamError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        let outcome = match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), ..) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (.., value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(index, value)| self.child(index, value));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| (name.as_str(), self.child(name, value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
        };
        outcome.map_err(|error: ParamError| error.below(&self.path))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, ParamError> for Input<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What is wrong with a parameter.
#[derive(Debug)]
struct ParamError {
    problem: Problem,
    /// The field within `path` that is meant, if not the value at `path` itself.
    field: Option<String>,
    /// Set by the innermost value that has a path.
    path: Option<String>,
}

#[derive(Debug)]
enum Problem {
    Unknown,
    Missing,
    WrongType,
    WrongValue(String),
}

impl ParamError {
    fn new(problem: Problem, field: Option<&str>) -> Self {
        Self { problem, field: field.map(str::to_owned), path: None }
    }

    fn below(mut self, path: &str) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }

    fn error(self) -> ApiError {
        let name = join(&self.path.unwrap_or_default(), &self.field.unwrap_or_default());
        match self.problem {
            Problem::Unknown => {
                let message = format!("The parameter `{name}` is not recognized.");
                ApiError::new("UnknownParameter", message)
            }
            Problem::Missing => {
                let message = format!("The request is missing a required parameter `{name}`.");
                ApiError::new("MissingParameter", message)
            }
            Problem::WrongType => {
                let message = format!("The value type of parameter `{name}` is incorrect.");
                ApiError::new("InvalidParameter", message)
            }
            Problem::WrongValue(why) => {
                let message = format!("The value of parameter `{name}` is invalid: {why}.");
                ApiError::new("InvalidParameterValue", message)
            }
        }
    }
}

impl Error for ParamError {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self::new(Problem::WrongValue(why.to_string()), None)
    }

    fn invalid_type(_found: Unexpected<'_>, _expected: &dyn Expected) -> Self {
        Self::new(Problem::WrongType, None)
    }

    fn unknown_field(field: &str, _known: &'static [&'static str]) -> Self {
        Self::new(Problem::Unknown, Some(field))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::Missing, Some(field))
    }
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:?}", self.problem, self.path)
    }
}

impl std::error::Error for ParamError {}

fn join(path: &str, step: &str) -> String {
    match (path, step) {
        ("", only) | (only, "") => only.to_owned(),
        (path, step) => format!("{path}.{step}"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Group {
        name: String,
        count: Option<u64>,
        #[serde(default)]
        rules: Vec<Rule>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Rule {
        port: String,
    }

    #[test]
    fn null_parameter_is_an_absent_one() {
        let group = Group { name: "n".into(), count: None, rules: vec![] };
        assert_eq!(read::<Group>(&json!({"Name": "n"})), Ok(group));
        assert!(read::<Group>(&json!({"Name": "n", "Count": null})).is_ok());
    }

    #[test]
    fn invalid_parameters_are_refused_with_code_and_path() {
        #[track_caller]
        fn check(params: &Value, code: &str, name: &str) {
            let error = read::<Group>(params).unwrap_err();
            assert_eq!(error.code, code);
            assert!(error.message.contains(&format!("`{name}`")), "{}", error.message);
        }
        check(&json!({}), "MissingParameter", "Name");
        check(&json!({"Name": "n", "name": 1}), "UnknownParameter", "name");
        check(&json!({"Name": 1}), "InvalidParameter", "Name");
        check(&json!({"Name": "n", "Count": "1"}), "InvalidParameter", "Count");
        check(&json!({"Name": "n", "Count": -1}), "InvalidParameterValue", "Count");
        check(&json!({"Name": "n", "Count": 1.5}), "InvalidParameter", "Count");
        check(&json!({"Name": "n", "Rules": {}}), "InvalidParameter", "Rules");
        check(&json!({"Name": "n", "Rules": [{"Port": 1}]}), "InvalidParameter", "Rules.0.Port");
        check(&json!({"Name": "n", "Rules": [{}]}), "MissingParameter", "Rules.0.Port");
        check(
            &json!({"Name": "n", "Rules": [{"Port": "1", "X": 1}]}),
            "UnknownParameter",
            "Rules.0.X",
        );
    }
}
