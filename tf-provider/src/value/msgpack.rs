//! Values as Terraform sends them: `MessagePack`, with extension types for what is unknown.
//!
//! Bytes become values in one pass, and the type says what may stand where. That bounds the depth,
//! too: a schema has its own, the JSON of a type that is sent along with a value is at most 128 deep,
//! and inside such a value there is no other. What the bytes say about sizes is not believed: see
//! [`MAX_VALUES`].

use rmp::{
    Marker,
    encode::{self, ByteBuf, RmpWrite},
};

use super::{DecodeError, Map, Number, Refinement, Type, Value, arrange_set, nfc};

/// The extension type of an unknown value of which something is known.
const REFINED: i8 = 12;

/// How many values one message may hold, so that a message of single bytes cannot fill the memory
/// with values of thirty.
pub const MAX_VALUES: usize = 1 << 24;

/// Reads a value of that type. No bytes at all are null.
///
/// An object must have all of its attributes and no others.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let mut reader = Reader { rest: bytes, left: MAX_VALUES, typed: false };
    let value = reader.value(ty)?;
    match reader.rest {
        [] => Ok(value),
        rest => Err(DecodeError::new(format!("{} bytes follow the value", rest.len()))),
    }
}

/// Writes a value of that type.
///
/// This cannot fail, because the answer to an apply must not be lost: an attribute that is missing
/// is written as null, one that the type does not have is left out, and a value of a wrong type is
/// written as it is, for Terraform to name it.
pub fn encode(value: &Value, ty: &Type) -> Vec<u8> {
    let mut out = ByteBuf::new();
    write(&mut out, value, ty);
    out.into_vec()
}

struct Reader<'a> {
    rest: &'a [u8],
    /// How many more values there may be.
    left: usize,
    /// Whether this is inside a value that came with its type.
    typed: bool,
}

impl<'a> Reader<'a> {
    fn value(&mut self, ty: &Type) -> Result<Value, DecodeError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| DecodeError::new("too many values"))?;
        let marker = self.marker()?;
        if marker == Marker::Null {
            return Ok(Value::Null);
        }
        if let Some(unknown) = self.unknown(marker)? {
            return Ok(Value::Unknown(unknown));
        }
        match ty {
            Type::Bool => match marker {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => Err(required("a bool", marker)),
            },
            Type::String => match self.text(marker)? {
                Some(text) => Ok(text.into()),
                None => Err(required("a string", marker)),
            },
            Type::Number => self.number(marker).map(Value::Number),
            Type::List(element) => {
                let len = self.array(marker, "a list")?;
                self.elements(len, |_| Some(element)).map(Value::List)
            }
            Type::Set(element) => {
                let len = self.array(marker, "a set")?;
                let mut elements = self.elements(len, |_| Some(element))?;
                arrange_set(&mut elements);
                Ok(Value::List(elements))
            }
            Type::Tuple(types) => {
                let len = self.array(marker, "a tuple")?;
                if len != types.len() {
                    let message = format!("{} elements are required, not {len}", types.len());
                    return Err(DecodeError::new(message));
                }
                self.elements(len, |n| types.get(n)).map(Value::List)
            }
            Type::Map(element) => self.map(marker, element),
            Type::Object { attributes, .. } => self.object(marker, attributes),
            Type::Dynamic => self.dynamic(marker),
        }
    }

    fn elements<'t>(
        &mut self,
        len: usize,
        ty: impl Fn(usize) -> Option<&'t Type>,
    ) -> Result<Vec<Value>, DecodeError> {
        // An element takes a byte or more, so this trusts no length that is not backed by bytes;
        // beyond a page or so a vector grows fast enough by itself.
        let mut elements = Vec::with_capacity(len.min(self.rest.len()).min(4096));
        for n in 0..len {
            let element = self.value(ty(n).unwrap_or(&Type::Dynamic));
            elements.push(element.map_err(|error| error.in_element(n))?);
        }
        Ok(elements)
    }

    fn map(&mut self, marker: Marker, ty: &Type) -> Result<Value, DecodeError> {
        let len = self.entries(marker, "a map")?;
        let mut entries = Vec::new();
        for _ in 0..len {
            let key = self.key()?;
            let element = self.value(ty).map_err(|error| error.in_key(key))?;
            entries.push((key, element));
        }
        let entries: Map<_> = entries.into_iter().collect();
        if entries.len() < len {
            return Err(DecodeError::new("the map has a duplicate key"));
        }
        Ok(Value::Map(entries))
    }

    fn object(&mut self, marker: Marker, types: &Map<Type>) -> Result<Value, DecodeError> {
        let len = self.entries(marker, "an object")?;
        let mut values: Vec<Option<Value>> = Vec::new();
        values.resize_with(types.len(), || None);
        for n in 0..len {
            let name = self.key()?;
            // Terraform sends attributes in order.
            let found = types.find(name, n);
            let slot = found.and_then(|(place, ty)| values.get_mut(place).zip(Some(ty)));
            let Some((slot, ty)) = slot else {
                return Err(DecodeError::new("the schema has no such attribute").in_attribute(name));
            };
            let value = self.value(ty).map_err(|error| error.in_attribute(name))?;
            if slot.replace(value).is_some() {
                return Err(DecodeError::new("the attribute is set twice").in_attribute(name));
            }
        }
        if let Some((name, _)) = types.keys().zip(&values).find(|(_, value)| value.is_none()) {
            return Err(DecodeError::new("the attribute is missing").in_attribute(name));
        }
        let values = values.into_iter().collect::<Option<Vec<_>>>();
        Ok(values.and_then(|values| types.with_values(values)).map_or(Value::Null, Value::Map))
    }

    /// A value together with its type. That type is complete, so no part needs one of its own.
    fn dynamic(&mut self, marker: Marker) -> Result<Value, DecodeError> {
        if self.array(marker, "a dynamic value with its type")? != 2 {
            return Err(DecodeError::new("a dynamic value with its type is required"));
        }
        if std::mem::replace(&mut self.typed, true) {
            return Err(DecodeError::new("a dynamic value cannot contain another one"));
        }
        let len = match self.marker()? {
            Marker::Bin8 => self.size::<1>()?,
            Marker::Bin16 => self.size::<2>()?,
            Marker::Bin32 => self.size::<4>()?,
            other => return Err(required("a type", other)),
        };
        let ty = Type::from_json(self.take(len)?)?;
        let value = self.value(&ty)?;
        self.typed = false;
        Ok(Value::Dynamic(Box::new((ty, value))))
    }

    fn number(&mut self, marker: Marker) -> Result<Number, DecodeError> {
        let float = |float| Number::from_exact_f64(float).ok_or("a number must be finite");
        let number = match marker {
            Marker::FixPos(int) => Ok(int.into()),
            Marker::FixNeg(int) => Ok(int.into()),
            Marker::U8 => Ok(u8::from_be_bytes(self.bytes()?).into()),
            Marker::U16 => Ok(u16::from_be_bytes(self.bytes()?).into()),
            Marker::U32 => Ok(u32::from_be_bytes(self.bytes()?).into()),
            Marker::U64 => Ok(u64::from_be_bytes(self.bytes()?).into()),
            Marker::I8 => Ok(i8::from_be_bytes(self.bytes()?).into()),
            Marker::I16 => Ok(i16::from_be_bytes(self.bytes()?).into()),
            Marker::I32 => Ok(i32::from_be_bytes(self.bytes()?).into()),
            Marker::I64 => Ok(i64::from_be_bytes(self.bytes()?).into()),
            Marker::F32 => float(f32::from_be_bytes(self.bytes()?).into()),
            Marker::F64 => float(f64::from_be_bytes(self.bytes()?)),
            marker => match self.text(marker)? {
                Some(text) => {
                    return text.parse().map_err(|error| DecodeError::new(format!("{error}")));
                }
                None => return Err(required("a number", marker)),
            },
        };
        number.map_err(DecodeError::new)
    }

    /// What is known of an unknown value, if the marker begins one.
    fn unknown(&mut self, marker: Marker) -> Result<Option<Refinement>, DecodeError> {
        let len = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.size::<1>()?,
            Marker::Ext16 => self.size::<2>()?,
            Marker::Ext32 => self.size::<4>()?,
            _ => return Ok(None),
        };
        let kind = i8::from_be_bytes(self.bytes()?);
        let body = self.take(len)?;
        Ok(Some(if kind == REFINED { Refinement::from_bytes(body) } else { Refinement::default() }))
    }

    fn key(&mut self) -> Result<&'a str, DecodeError> {
        let marker = self.marker()?;
        self.text(marker)?.ok_or_else(|| required("a key", marker))
    }

    fn text(&mut self, marker: Marker) -> Result<Option<&'a str>, DecodeError> {
        let len = match marker {
            Marker::FixStr(len) => len.into(),
            Marker::Str8 => self.size::<1>()?,
            Marker::Str16 => self.size::<2>()?,
            Marker::Str32 => self.size::<4>()?,
            _ => return Ok(None),
        };
        match std::str::from_utf8(self.take(len)?) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(DecodeError::new("the string is not valid UTF-8")),
        }
    }

    fn array(&mut self, marker: Marker, what: &str) -> Result<usize, DecodeError> {
        match marker {
            Marker::FixArray(len) => Ok(len.into()),
            Marker::Array16 => self.size::<2>(),
            Marker::Array32 => self.size::<4>(),
            other => Err(required(what, other)),
        }
    }

    fn entries(&mut self, marker: Marker, what: &str) -> Result<usize, DecodeError> {
        match marker {
            Marker::FixMap(len) => Ok(len.into()),
            Marker::Map16 => self.size::<2>(),
            Marker::Map32 => self.size::<4>(),
            other => Err(required(what, other)),
        }
    }

    fn marker(&mut self) -> Result<Marker, DecodeError> {
        self.bytes().map(|[byte]| Marker::from_u8(byte))
    }

    /// A size of so many bytes.
    fn size<const N: usize>(&mut self) -> Result<usize, DecodeError> {
        Ok(self.bytes::<N>()?.iter().fold(0, |size, byte| size << 8 | usize::from(*byte)))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(cut)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(cut)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn cut() -> DecodeError {
    DecodeError::new("the value is truncated")
}

fn required(what: &str, found: Marker) -> DecodeError {
    let found = match found {
        Marker::True | Marker::False => "a bool",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "a string",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "a list",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "an object",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bytes",
        Marker::Null => "null",
        Marker::Reserved => "a reserved byte",
        _ => "a number",
    };
    DecodeError::new(format!("{what} is required, not {found}"))
}

fn write(out: &mut ByteBuf, value: &Value, ty: &Type) {
    match (ty, value) {
        (_, Value::Null) => {
            let Ok(()) = encode::write_nil(out);
        }
        (_, Value::Unknown(refinement)) => write_unknown(out, refinement),
        (Type::Dynamic, Value::Dynamic(inner)) => write_dynamic(out, &inner.1, &inner.0),
        (Type::Dynamic, value) => write_dynamic(out, value, &value.implied_type()),
        (ty, Value::Dynamic(inner)) => write(out, &inner.1, ty),
        (_, Value::Bool(yes)) => {
            let Ok(()) = encode::write_bool(out, *yes);
        }
        (_, Value::Number(number)) => write_number(out, number),
        (_, Value::String(text)) => write_text(out, text),
        (Type::List(ty), Value::List(elements)) => write_elements(out, elements, ty),
        (Type::Set(ty), Value::List(elements)) if elements.is_sorted() => {
            write_elements(out, elements, ty);
        }
        (Type::Set(ty), Value::List(elements)) => {
            let mut sorted: Vec<&Value> = elements.iter().collect();
            sorted.sort();
            write_elements(out, sorted, ty);
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            let Ok(_) = encode::write_array_len(out, size(elements.len()));
            elements.iter().zip(types).for_each(|(element, ty)| write(out, element, ty));
        }
        (Type::Map(ty), Value::Map(entries)) => {
            let Ok(_) = encode::write_map_len(out, size(entries.len()));
            for (key, element) in entries {
                write_text(out, key);
                write(out, element, ty);
            }
        }
        (Type::Object { attributes, .. }, Value::Map(values)) => {
            let Ok(_) = encode::write_map_len(out, size(attributes.len()));
            for (n, (name, ty)) in attributes.iter().enumerate() {
                write_text(out, name);
                write(out, values.find(name, n).map_or(&Value::Null, |(_, value)| value), ty);
            }
        }
        (_, value @ (Value::List(_) | Value::Map(_))) => write(out, value, &value.implied_type()),
    }
}

fn write_elements<'v>(
    out: &mut ByteBuf,
    elements: impl IntoIterator<Item = &'v Value, IntoIter: ExactSizeIterator>,
    ty: &Type,
) {
    let elements = elements.into_iter();
    let Ok(_) = encode::write_array_len(out, size(elements.len()));
    elements.for_each(|element| write(out, element, ty));
}

fn write_dynamic(out: &mut ByteBuf, value: &Value, ty: &Type) {
    if *ty == Type::Dynamic {
        return write(out, value, ty);
    }
    let json = ty.to_json();
    let Ok(_) = encode::write_array_len(out, 2);
    let Ok(()) = encode::write_bin(out, json.as_bytes());
    write(out, value, ty);
}

fn write_unknown(out: &mut ByteBuf, refinement: &Refinement) {
    let (kind, body) = refinement.as_bytes().map_or((0, [0].as_slice()), |body| (REFINED, body));
    let Ok(_) = encode::write_ext_meta(out, size(body.len()), kind);
    let Ok(()) = out.write_bytes(body);
}

/// Numbers that neither an `i64` nor a float holds exactly are written as text.
fn write_number(out: &mut ByteBuf, number: &Number) {
    if let Some(int) = number.as_i64() {
        let Ok(_) = encode::write_sint(out, int);
    } else if let Some(float) = number.as_exact_fraction() {
        let Ok(()) = encode::write_f64(out, float);
    } else {
        write_text(out, &number.to_string());
    }
}

fn write_text(out: &mut ByteBuf, text: &str) {
    let Ok(()) = encode::write_str(out, &nfc(text.into()));
}

/// A message is at most 256 MiB, so what does not fit could not be sent either.
fn size(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::arbitrary::{any_type, value_of};

    fn ty(json: &str) -> Type {
        Type::from_json(json.as_bytes()).unwrap()
    }

    fn number(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digit = |c: char| u8::try_from(c.to_digit(16).unwrap()).unwrap();
        let digits: Vec<u8> = hex.chars().map(digit).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// The bytes are what Terraform's own library writes for that value.
    #[track_caller]
    fn check(value: Value, ty: &str, hex: &str) {
        let ty = self::ty(ty);
        let bytes = bytes(hex);
        assert_eq!(encode(&value, &ty), bytes);
        assert_eq!(decode(&bytes, &ty), Ok(value));
    }

    #[track_caller]
    fn check_err(hex: &str, ty: &str, expected: &str) {
        let bytes = bytes(hex);
        let error = decode(&bytes, &self::ty(ty)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    fn refined(bytes: &[u8]) -> Value {
        Value::Unknown(Refinement::from_bytes(bytes))
    }

    fn dynamic(ty: Type, value: Value) -> Value {
        Value::Dynamic(Box::new((ty, value)))
    }

    #[test]
    fn golden_nulls_and_unknowns() {
        check(Value::Null, r#""string""#, "c0");
        check(Value::unknown(), r#""string""#, "d40000");
        check(refined(b"\x81\x01\xc2"), r#""string""#, "c7030c8101c2");
        check(refined(b"\x82\x01\xc2\x02\xa3sg-"), r#""string""#, "d70c8201c202a373672d");
    }

    #[test]
    fn golden_numbers() {
        check(number("0"), r#""number""#, "00");
        check(number("127"), r#""number""#, "7f");
        check(number("128"), r#""number""#, "cc80");
        check(number("-32"), r#""number""#, "e0");
        check(number("-33"), r#""number""#, "d0df");
        check(number("65535"), r#""number""#, "cdffff");
        check(number("-32768"), r#""number""#, "d18000");
        check(number("9223372036854775807"), r#""number""#, "cf7fffffffffffffff");
        check(number("-9223372036854775808"), r#""number""#, "d38000000000000000");
        let beyond = "b339323233333732303336383534373735383038";
        check(number("9223372036854775808"), r#""number""#, beyond);
        check(number("1.5"), r#""number""#, "cb3ff8000000000000");
        check(number("0.1"), r#""number""#, "a3302e31");
        let googol = format!("d96531{}", "30".repeat(100));
        check(number("1e100"), r#""number""#, &googol);
    }

    #[test]
    fn golden_dynamic_values() {
        let any = r#""dynamic""#;
        check(dynamic(Type::String, "x".into()), any, "92c40822737472696e6722a178");
        check(Value::Null, any, "c0");
        check(Value::unknown(), any, "d40000");
    }

    #[test]
    fn ok_collections() {
        let object = r#"["object",{"a":"string","b":["list","bool"]}]"#;
        let value = Value::map([("a", "x".into()), ("b", Value::list([true.into()]))]);
        check(value, object, "82a161a178a16291c3");
        check(Value::map([("k", 1.into())]), r#"["map","number"]"#, "81a16b01");
        check(Value::list([1.into(), "x".into()]), r#"["tuple",["number","string"]]"#, "9201a178");
    }

    #[test]
    fn ok_every_form_of_a_number() {
        for bytes in [
            &[1][..],
            b"\xcc\x01",
            b"\xcd\0\x01",
            b"\xce\0\0\0\x01",
            b"\xcf\0\0\0\0\0\0\0\x01",
            b"\xd0\x01",
            b"\xd1\0\x01",
            b"\xd2\0\0\0\x01",
            b"\xd3\0\0\0\0\0\0\0\x01",
            b"\xca\x3f\x80\0\0",
            b"\xcb\x3f\xf0\0\0\0\0\0\0",
            b"\xa11",
            b"\xa31.0",
        ] {
            assert_eq!(decode(bytes, &Type::Number), Ok(1.into()), "{bytes:?}");
        }
    }

    #[test]
    fn any_other_extension_is_unknown() {
        assert_eq!(decode(b"\xc7\x02\x63ab", &Type::Bool), Ok(Value::unknown()));
        assert_eq!(encode(&decode(b"\xd5\x63ab", &Type::Bool).unwrap(), &Type::Bool), b"\xd4\0\0");
    }

    #[test]
    fn sets_are_sorted_and_merged() {
        let set = Type::Set(Box::new(Type::String));
        assert_eq!(decode(b"\x93\xa1b\xa1a\xa1b", &set), Ok(Value::list(["a".into(), "b".into()])),);
        assert_eq!(encode(&Value::list(["b".into(), "a".into()]), &set), b"\x92\xa1a\xa1b");
        // Two elements that are unknown may become two.
        assert_eq!(
            decode(b"\x92\xd4\0\0\xd4\0\0", &set),
            Ok(Value::list([Value::unknown(), Value::unknown()])),
        );
    }

    #[test]
    fn text_is_composed() {
        assert_eq!(encode(&Value::String("e\u{301}".to_owned()), &Type::String), b"\xa2\xc3\xa9");
        assert_eq!(decode(b"\xa3e\xcc\x81", &Type::String), Ok("\u{e9}".into()));
        // A letter that has no composed form.
        assert_eq!(encode(&"x\u{301}".into(), &Type::String), b"\xa3x\xcc\x81");
    }

    #[test]
    fn encoding_repairs_what_it_can() {
        let object = ty(r#"["object",{"a":"string","b":"dynamic"}]"#);
        let value = Value::map([("b", Value::list([true.into()])), ("c", 1.into())]);
        let expected = Value::map([
            ("a", Value::Null),
            ("b", dynamic(Type::Tuple(vec![Type::Bool]), Value::list([true.into()]))),
        ]);
        assert_eq!(decode(&encode(&value, &object), &object), Ok(expected));
        assert_eq!(encode(&true.into(), &Type::String), b"\xc3");
        assert_eq!(encode(&Value::list([true.into()]), &Type::String), b"\x91\xc3");
        assert_eq!(encode(&dynamic(Type::Bool, true.into()), &Type::Bool), b"\xc3");
    }

    #[test]
    fn err_what_does_not_fit_the_type() {
        check_err("a178", r#""bool""#, "a bool is required, not a string");
        check_err("c3", r#""string""#, "a string is required, not a bool");
        check_err("01", r#""string""#, "a string is required, not a number");
        check_err("80", r#"["list","string"]"#, "a list is required, not an object");
        check_err("90", r#"["map","string"]"#, "a map is required, not a list");
        check_err("9201c3", r#"["list","number"]"#, "[1]: a number is required, not a bool");
        check_err("a178", r#""number""#, "this is not a number");
        check_err("cb7ff0000000000000", r#""number""#, "a number must be finite");
        check_err("cb7ff8000000000000", r#""number""#, "a number must be finite");
        check_err("ca7f800000", r#""number""#, "a number must be finite");
        check_err("9101", r#"["tuple",["number","bool"]]"#, "2 elements are required, not 1");
        check_err("c1", r#""bool""#, "a bool is required, not a reserved byte");
        check_err("a1ff", r#""string""#, "the string is not valid UTF-8");
        check_err("c403010203", r#""string""#, "a string is required, not bytes");
        check_err("c0c0", r#""string""#, "1 bytes follow the value");
    }

    #[test]
    fn err_objects_with_other_attributes() {
        let object = r#"["object",{"a":"bool","b":["map","bool"]}]"#;
        check_err("81a161c3", object, "b: the attribute is missing");
        check_err("82a161c3a163c3", object, "c: the schema has no such attribute");
        check_err("82a161c3a161c3", object, "a: the attribute is set twice");
        check_err("82a162c0a16101", object, "a: a bool is required, not a number");
        check_err("82a161c0a16281a16b01", object, r#"b["k"]: a bool is required, not a number"#);
        check_err("82a161c0a16282a16bc3a16bc3", object, "b: the map has a duplicate key");
        check_err("8201c301c3", object, "a key is required, not a number");
    }

    #[test]
    fn err_dynamic_values_without_their_type() {
        let any = r#""dynamic""#;
        check_err("a178", any, "a dynamic value with its type is required, not a string");
        check_err("91c0", any, "a dynamic value with its type is required");
        check_err("92a178a178", any, "a type is required, not a string");
        check_err("92c4012273c0", any, "this is not a Terraform type");
    }

    #[test]
    fn err_sizes_that_are_not_there() {
        let list = r#"["list","string"]"#;
        check_err("ddffffffff", list, "[0]: the value is truncated");
        check_err("dfffffffff", r#"["map","string"]"#, "the value is truncated");
        check_err("dbffffffff", r#""string""#, "the value is truncated");
        check_err("c9ffffffff0c", r#""string""#, "the value is truncated");
        check_err("92c6ffffffff", r#""dynamic""#, "the value is truncated");
        check_err("cf00", r#""number""#, "the value is truncated");
    }

    #[test]
    fn depth_is_bounded() {
        let level = b"\x92\xc4\x09\"dynamic\"";
        let error = decode(&level.repeat(1_000_000), &Type::Dynamic).unwrap_err();
        assert_eq!(error.message(), "a dynamic value cannot contain another one");
        let ty = format!("{}\"bool\"{}", "[\"list\",".repeat(100_000), "]".repeat(100_000));
        let mut bytes = b"\x92\xc6".to_vec();
        bytes.extend(u32::try_from(ty.len()).unwrap().to_be_bytes());
        bytes.extend(ty.as_bytes());
        assert_eq!(
            decode(&bytes, &Type::Dynamic).unwrap_err().message(),
            "this is not a Terraform type"
        );
    }

    #[test]
    fn number_of_values_is_bounded() {
        let len = u32::try_from(MAX_VALUES).unwrap();
        let mut bytes = b"\xdd".to_vec();
        bytes.extend(len.to_be_bytes());
        bytes.resize(bytes.len() + MAX_VALUES, 0xc0);
        let error = decode(&bytes, &Type::List(Box::new(Type::Bool))).unwrap_err();
        assert_eq!(error.message(), "too many values");
    }

    fn typed(unknowns: bool) -> impl Strategy<Value = (Type, Value)> {
        any_type().prop_flat_map(move |ty| (Just(ty.clone()), value_of(&ty, unknowns)))
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding((ty, value) in typed(true)) {
            let bytes = encode(&value, &ty);
            let decoded = decode(&bytes, &ty);
            prop_assert_eq!(decoded.as_ref(), Ok(&value));
            // Equality overlooks what is known of an unknown; the bytes do not.
            prop_assert_eq!(encode(&decoded.unwrap(), &ty), bytes);
        }

        #[test]
        fn others_can_read_it((ty, value) in typed(true)) {
            let bytes = encode(&value, &ty);
            let mut rest = bytes.as_slice();
            rmpv::decode::read_value(&mut rest).unwrap();
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_refused_or_read(ty in any_type(), bytes: Vec<u8>) {
            if let Ok(value) = decode(&bytes, &ty) {
                prop_assert_eq!(decode(&encode(&value, &ty), &ty), Ok(value));
            }
        }

        #[test]
        fn damaged_bytes_are_refused_or_read(
            (ty, value) in typed(true),
            place: prop::sample::Index,
            byte: u8,
            cut: bool,
        ) {
            let mut bytes = encode(&value, &ty);
            let place = place.index(bytes.len());
            bytes[place] = byte;
            if cut {
                bytes.truncate(place);
            }
            if let Ok(value) = decode(&bytes, &ty) {
                prop_assert_eq!(decode(&encode(&value, &ty), &ty), Ok(value));
            }
        }
    }
}
