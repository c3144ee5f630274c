//! Values as Terraform stores them: JSON, in which nothing is unknown.
//!
//! A stored number may be written as text and a text as a number, since a state may be older than
//! the schema.

use std::{cell::RefCell, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value as Json, json, value::RawValue};

use super::{DecodeError, EncodeError, Map, Number, Type, Value, arrange_set};
use crate::path::{Path, Step};

/// Reads a value of that type. No bytes at all are null.
///
/// An attribute that is missing is null; one that the type does not have is an error.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    read(bytes, ty, Others::Refuse)
}

/// Reads a state that another version of the provider may have written.
///
/// An attribute that is missing is null; one that the type does not have any more is left out.
pub fn decode_state(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    read(bytes, ty, Others::LeaveOut)
}

/// Writes a value of that type. There is no JSON for an unknown.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let json = to_json(value, ty)?;
    serde_json::to_vec(&json).map_err(|error| EncodeError::new(error.to_string()))
}

/// What to do about attributes that the type does not have.
#[derive(Clone, Copy, PartialEq)]
enum Others {
    Refuse,
    LeaveOut,
}

fn read(bytes: &[u8], ty: &Type, others: Others) -> Result<Value, DecodeError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let place = RefCell::new(Vec::new());
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let seed = Seed { ty, others, typed: false, place: &place };
    seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value)).map_err(|error| {
        let path = place.take().into_iter().collect::<Path>();
        path.steps()
            .iter()
            .rev()
            .cloned()
            .fold(DecodeError::new(plain(&error)), DecodeError::within)
    })
}

/// The message without the line and column, which mean nothing to a user.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

/// Reads a value of one type. It leaves its place behind when it fails.
#[derive(Clone, Copy)]
struct Seed<'a> {
    ty: &'a Type,
    others: Others,
    /// Whether this is inside a value that came with its type.
    typed: bool,
    place: &'a RefCell<Vec<Step>>,
}

impl<'a> Seed<'a> {
    fn of(self, ty: &'a Type) -> Self {
        Self { ty, ..self }
    }

    fn enter(self, step: Step) {
        self.place.borrow_mut().push(step);
    }

    fn leave(self) {
        self.place.borrow_mut().pop();
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        match self.ty {
            // Only the text of a number is exact.
            Type::Number => number(Deserialize::deserialize(json)?),
            _ => json.deserialize_any(self),
        }
    }
}

fn number<E: Error>(raw: &RawValue) -> Result<Value, E> {
    let unquoted: String;
    let text = match raw.get() {
        "null" => return Ok(Value::Null),
        text if text.starts_with('"') => {
            unquoted = serde_json::from_str(text).map_err(E::custom)?;
            &unquoted
        }
        text => text,
    };
    match text.parse::<Number>() {
        Ok(number) => Ok(Value::Number(number)),
        Err(_) if text.starts_with(['{', '[', 't', 'f']) => Err(E::custom("a number is required")),
        Err(error) => Err(E::custom(error)),
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(words(self.ty))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        match self.ty {
            Type::Bool => Ok(Value::Bool(value)),
            Type::String => Ok(value.to_string().into()),
            _ => Err(unexpected("a bool", self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.number_as_text(&value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.number_as_text(&value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.number_as_text(&value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        match (self.ty, text) {
            (Type::String, text) => Ok(text.into()),
            (Type::Bool, "true") => Ok(Value::Bool(true)),
            (Type::Bool, "false") => Ok(Value::Bool(false)),
            _ => Err(unexpected("a string", self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        loop {
            let ty = match self.ty {
                Type::List(ty) | Type::Set(ty) => ty,
                Type::Tuple(types) => match types.get(elements.len()) {
                    Some(ty) => ty,
                    None => break,
                },
                _ => return Err(unexpected("a list", self)),
            };
            self.enter(Step::Index(i64::try_from(elements.len()).unwrap_or(i64::MAX)));
            let Some(element) = seq.next_element_seed(self.of(ty))? else {
                self.leave();
                break;
            };
            self.leave();
            elements.push(element);
        }
        match self.ty {
            Type::Set(_) => arrange_set(&mut elements),
            Type::Tuple(types)
                if elements.len() < types.len() || seq.next_element::<IgnoredAny>()?.is_some() =>
            {
                return Err(A::Error::custom(format_args!(
                    "{} elements are required",
                    types.len()
                )));
            }
            _ => {}
        }
        Ok(Value::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        match self.ty {
            Type::Map(ty) => self.entries(map, ty),
            Type::Object { attributes, .. } => self.attributes(map, attributes),
            Type::Dynamic => dynamic(self, map),
            _ => Err(unexpected("an object", self)),
        }
    }
}

impl Seed<'_> {
    fn entries<'de, A: MapAccess<'de>>(self, mut map: A, ty: &Type) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            self.enter(Step::Key(key.clone()));
            let element = map.next_value_seed(Seed { ty, ..self })?;
            self.leave();
            entries.push((key, element));
        }
        let len = entries.len();
        let entries: Map<_> = entries.into_iter().collect();
        if entries.len() < len {
            return Err(A::Error::custom("the map has a duplicate key"));
        }
        Ok(Value::Map(entries))
    }

    fn attributes<'de, A: MapAccess<'de>>(
        self,
        mut map: A,
        types: &Map<Type>,
    ) -> Result<Value, A::Error> {
        let mut values: Vec<Option<Value>> = Vec::new();
        values.resize_with(types.len(), || None);
        while let Some(name) = map.next_key::<String>()? {
            let found = types.find(&name, 0);
            self.enter(Step::Attribute(name));
            match found.and_then(|(place, ty)| values.get_mut(place).zip(Some(ty))) {
                Some((slot, ty)) => {
                    let value = map.next_value_seed(Seed { ty, ..self })?;
                    if slot.replace(value).is_some() {
                        return Err(A::Error::custom("the attribute is set twice"));
                    }
                }
                None if self.others == Others::LeaveOut => {
                    map.next_value::<IgnoredAny>()?;
                }
                None => return Err(A::Error::custom("the schema has no such attribute")),
            }
            self.leave();
        }
        let values = values.into_iter().map(Option::unwrap_or_default).collect();
        Ok(types.with_values(values).map_or(Value::Null, Value::Map))
    }

    fn number_as_text<E: Error>(self, number: &impl ToString) -> Result<Value, E> {
        match self.ty {
            Type::String => Ok(number.to_string().into()),
            _ => Err(unexpected("a number", self)),
        }
    }
}

/// Says nothing of the value itself, which may be secret.
fn unexpected<E: Error>(found: &str, seed: Seed<'_>) -> E {
    E::custom(format_args!("{} is required, not {found}", words(seed.ty)))
}

fn words(ty: &Type) -> &'static str {
    match ty {
        Type::String => "a string",
        Type::Bool => "a bool",
        Type::Number => "a number",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Tuple(_) => "a tuple",
        Type::Map(_) => "a map",
        Type::Object { .. } => "an object",
        Type::Dynamic => "a value with its type",
    }
}

/// An object of a `type` and a `value`, in whichever order.
fn dynamic<'de, A: MapAccess<'de>>(seed: Seed<'_>, mut map: A) -> Result<Value, A::Error> {
    let (mut ty, mut value) = (None, None);
    while let Some(key) = map.next_key::<String>()? {
        match key.as_str() {
            "type" => ty = Some(map.next_value::<Box<RawValue>>()?),
            "value" => value = Some(map.next_value::<Box<RawValue>>()?),
            _ => return Err(A::Error::custom("a dynamic value with its type is required")),
        }
    }
    let (Some(ty), Some(value)) = (ty, value) else {
        return Err(A::Error::custom("a dynamic value with its type is required"));
    };
    if seed.typed {
        return Err(A::Error::custom("a dynamic value cannot contain another one"));
    }
    let ty = Type::from_json(ty.get().as_bytes()).map_err(A::Error::custom)?;
    let mut json = serde_json::Deserializer::from_str(value.get());
    let value = Seed { ty: &ty, typed: true, ..seed }
        .deserialize(&mut json)
        .map_err(|error| A::Error::custom(plain(&error)))?;
    Ok(Value::Dynamic(Box::new((ty, value))))
}

fn to_json(value: &Value, ty: &Type) -> Result<Json, EncodeError> {
    let unknown = || EncodeError::new("an unknown value cannot be stored");
    let elements = |elements: &[Value], ty: &Type| {
        elements.iter().map(|element| to_json(element, ty)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match (ty, value) {
        (_, Value::Null) => Json::Null,
        (_, Value::Unknown(_)) => return Err(unknown()),
        (Type::Dynamic, Value::Dynamic(inner)) => typed(&inner.1, &inner.0)?,
        (Type::Dynamic, value) => typed(value, &value.implied_type())?,
        (ty, Value::Dynamic(inner)) => to_json(&inner.1, ty)?,
        (_, Value::Bool(value)) => (*value).into(),
        (_, Value::Number(number)) => match number.as_i64() {
            Some(int) => int.into(),
            // As text it stays exact on its way through any parser.
            None => number.to_string().into(),
        },
        (_, Value::String(text)) => text.as_str().into(),
        (Type::List(ty), Value::List(list)) => elements(list, ty)?.into(),
        (Type::Set(ty), Value::List(set)) => {
            let mut set = set.clone();
            arrange_set(&mut set);
            elements(&set, ty)?.into()
        }
        (Type::Tuple(types), Value::List(tuple)) if types.len() == tuple.len() => {
            let pairs = tuple.iter().zip(types);
            Json::Array(pairs.map(|(value, ty)| to_json(value, ty)).collect::<Result<_, _>>()?)
        }
        (Type::Map(ty), Value::Map(map)) => {
            let pairs = map.iter().map(|(key, value)| Ok((key.into(), to_json(value, ty)?)));
            Json::Object(pairs.collect::<Result<_, _>>()?)
        }
        (Type::Object { attributes, .. }, object @ Value::Map(_)) => {
            let pairs = attributes
                .iter()
                .map(|(name, ty)| Ok((name.into(), to_json(object.get(name), ty)?)));
            Json::Object(pairs.collect::<Result<_, _>>()?)
        }
        (_, value) => to_json(value, &value.implied_type())?,
    })
}

fn typed(value: &Value, ty: &Type) -> Result<Json, EncodeError> {
    if *ty == Type::Dynamic {
        return to_json(value, ty);
    }
    Ok(json!({ "type": ty.as_json(), "value": to_json(value, ty)? }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::arbitrary::{any_type, value_of};

    fn ty(json: &str) -> Type {
        Type::from_json(json.as_bytes()).unwrap()
    }

    #[track_caller]
    fn check(json: &str, ty: &str, expected: Value) {
        assert_eq!(decode(json.as_bytes(), &self::ty(ty)), Ok(expected));
    }

    #[track_caller]
    fn check_err(json: &str, ty: &str, expected: &str) {
        let error = decode(json.as_bytes(), &self::ty(ty)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    fn number(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    #[test]
    fn numbers_are_exact() {
        check("1", r#""number""#, 1.into());
        check("0.1", r#""number""#, number("0.1"));
        check("1.0e2", r#""number""#, 100.into());
        check(r#""12""#, r#""number""#, 12.into());
        check(
            "123456789012345678901234567890",
            r#""number""#,
            number("123456789012345678901234567890"),
        );
        check(" [ 1 , null ] ", r#"["list","number"]"#, Value::list([1.into(), Value::Null]));
    }

    #[test]
    fn ok_older_spellings() {
        check(r#""true""#, r#""bool""#, true.into());
        check("true", r#""string""#, "true".into());
        check("12", r#""string""#, "12".into());
        check("-1.5", r#""string""#, "-1.5".into());
    }

    #[test]
    fn ok_collections() {
        check(r#"["b","a","b"]"#, r#"["set","string"]"#, Value::list(["a".into(), "b".into()]));
        check(r#"{"k":"e\u0301"}"#, r#"["map","string"]"#, Value::map([("k", "\u{e9}".into())]));
        check("[1,true]", r#"["tuple",["number","bool"]]"#, Value::list([1.into(), true.into()]));
        check(r"{}", r#"["object",{"a":"bool"}]"#, Value::map([("a", Value::Null)]));
        check("", r#""bool""#, Value::Null);
    }

    #[test]
    fn ok_dynamic_values() {
        let value = Value::Dynamic(Box::new((ty(r#"["list","number"]"#), Value::list([1.into()]))));
        check(r#"{"type":["list","number"],"value":[1]}"#, r#""dynamic""#, value.clone());
        check(r#"{"value":[1],"type":["list","number"]}"#, r#""dynamic""#, value);
        check("null", r#""dynamic""#, Value::Null);
    }

    #[test]
    fn state_may_hold_removed_attributes() {
        let object = ty(r#"["object",{"a":["list",["object",{"b":"bool"}]]}]"#);
        let json = br#"{"a":[{"b":true,"c":{"d":[1]}}],"e":"f"}"#;
        let expected = Value::map([("a", Value::list([Value::map([("b", true.into())])]))]);
        assert_eq!(decode_state(json, &object), Ok(expected));
        let error = decode(json, &object).unwrap_err();
        assert_eq!(error.to_string(), "a[0].c: the schema has no such attribute");
    }

    #[test]
    fn err_what_does_not_fit_the_type() {
        check_err("1", r#""bool""#, "a bool is required, not a number");
        check_err("[]", r#""string""#, "a string is required, not a list");
        check_err("{}", r#""string""#, "a string is required, not an object");
        check_err(r#""secret""#, r#""bool""#, "a bool is required, not a string");
        check_err("[1,{}]", r#"["list","number"]"#, "[1]: a number is required");
        check_err(r#"{"k":[]}"#, r#"["map","bool"]"#, r#"["k"]: a bool is required, not a list"#);
        check_err(r#"{"k":1,"k":2}"#, r#"["map","number"]"#, "the map has a duplicate key");
        check_err("[1]", r#"["tuple",["number","bool"]]"#, "2 elements are required");
        check_err("[1,true,1]", r#"["tuple",["number","bool"]]"#, "2 elements are required");
        check_err("[1", r#"["list","number"]"#, "[1]: EOF while parsing a list");
        check_err("1 1", r#""number""#, "trailing characters");
        check_err(r#"{"value":1}"#, r#""dynamic""#, "a dynamic value with its type is required");
        check_err("1e999999999", r#""number""#, "a number has at most 4096 digits");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = r#"{"type":"dynamic","value":"#.repeat(50_000) + "1" + &"}".repeat(50_000);
        check_err(&deep, r#""dynamic""#, "a dynamic value cannot contain another one");
        let wide = "[".repeat(1_000_000);
        assert!(
            decode_state(format!(r#"{{"x":{wide}"#).as_bytes(), &ty(r#"["object",{}]"#)).is_err()
        );
    }

    #[test]
    fn unknown_value_in_a_state_is_refused() {
        let list = ty(r#"["list","bool"]"#);
        assert!(encode(&Value::list([Value::unknown()]), &list).is_err());
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(
            (ty, value) in any_type().prop_flat_map(|ty| (Just(ty.clone()), value_of(&ty, false)))
        ) {
            prop_assert_eq!(decode(&encode(&value, &ty).unwrap(), &ty), Ok(value));
        }

        #[test]
        fn any_text_is_refused_or_read(ty in any_type(), text in "[]\\[{}\",:0-9a-z.-]{0,30}") {
            if let Ok(value) = decode(text.as_bytes(), &ty) {
                prop_assert_eq!(decode(&encode(&value, &ty).unwrap(), &ty), Ok(value));
            }
        }
    }
}
