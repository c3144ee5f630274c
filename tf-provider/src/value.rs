//! A Terraform value as an untyped tree, and its two spellings on the wire.
//!
//! [`msgpack`] is what Terraform speaks, [`json`] is what it stores. Both are driven by a
//! [`Type`]: only with it can a set be told from a list and a missing
//! attribute from a null one.

#[cfg(test)]
pub(crate) mod arbitrary;
mod error;
pub mod json;
mod key;
mod map;
pub mod msgpack;
mod number;
mod types;

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub use self::{
    error::{DecodeError, EncodeError},
    key::Key,
    map::Map,
    number::{Number, NumberError},
    types::Type,
};
use crate::path::{Path, Step};

/// A Terraform value.
///
/// Equality is structural. All unknowns are equal, whatever is known about them. A set is a
/// [`List`](Value::List) here: the codecs keep it sorted and without duplicates, so that two
/// decoded sets are equal when they hold the same elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Not set.
    #[default]
    Null,
    /// To be known after apply.
    Unknown(Refinement),
    /// `true` or `false`.
    Bool(bool),
    /// A number, exact at any size.
    Number(Number),
    /// Text, in Unicode normal form C.
    String(String),
    /// The elements of a list, a set or a tuple.
    List(Vec<Self>),
    /// The elements of a map or the attributes of an object.
    Map(Map<Self>),
    /// The value of an attribute of type [`Type::Dynamic`], with the type that it has now.
    Dynamic(Box<(Type, Self)>),
}

/// What Terraform knows about an unknown value, such as "not null" or "begins with `sg-`".
///
/// Kept as received and sent back as received, because Terraform checks at apply that the final
/// value is within what was promised at plan.
#[derive(Clone, Debug, Default)]
pub struct Refinement(Option<Box<[u8]>>);

impl Value {
    /// An unknown value of which nothing is known.
    pub const fn unknown() -> Self {
        Self::Unknown(Refinement(None))
    }

    /// An object or a map.
    pub fn map<K: Into<Key>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().collect())
    }

    /// A list, set or tuple.
    pub fn list(elements: impl IntoIterator<Item = Self>) -> Self {
        Self::List(elements.into_iter().collect())
    }

    /// Whether the value is not set.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Dynamic(inner) => inner.1.is_null(),
            _ => false,
        }
    }

    /// Whether the value itself is known; what it holds may not be.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Dynamic(inner) => inner.1.is_known(),
            _ => true,
        }
    }

    /// Whether the value and everything that it holds is known.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::List(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
        }
    }

    /// The attribute or element of that name, null where there is none.
    pub fn get(&self, key: &str) -> &Self {
        match self {
            Self::Map(entries) => entries.get(key).unwrap_or(&Self::Null),
            _ => &Self::Null,
        }
    }

    /// What stands at the end of a path, null where the path leads nowhere.
    ///
    /// Inside an unknown value everything is unknown.
    pub fn at(&self, path: &Path) -> &Self {
        path.steps().iter().fold(self, |value, step| match (value, step) {
            (Self::Unknown(_), _) => value,
            (Self::Map(_), Step::Attribute(key) | Step::Key(key)) => value.get(key),
            (Self::List(elements), Step::Index(index)) => {
                usize::try_from(*index).ok().and_then(|n| elements.get(n)).unwrap_or(&Self::Null)
            }
            _ => &Self::Null,
        })
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value this is, for messages: `a string`, `null`.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown(_) => "an unknown value",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Dynamic(inner) => inner.1.describe(),
        }
    }

    /// The type to be written beside a value that stands where any type may.
    pub(crate) fn implied_type(&self) -> Type {
        match self {
            Self::Null | Self::Unknown(_) => Type::Dynamic,
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(elements) => Type::Tuple(elements.iter().map(Self::implied_type).collect()),
            Self::Map(entries) => {
                Type::object(entries.iter().map(|(key, value)| (key, value.implied_type())))
            }
            Self::Dynamic(inner) => inner.0.clone(),
        }
    }
}

/// Puts the elements of a set in order and merges equal ones.
///
/// Elements that are not wholly known stay apart even if they look alike: they may become
/// different, and Terraform counts them.
pub(crate) fn arrange_set(elements: &mut Vec<Value>) {
    elements.sort();
    elements.dedup_by(|a, b| a == b && a.is_wholly_known());
}

/// Text in Unicode normal form C, which is how Terraform holds every string.
pub(crate) fn nfc(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_nfc(&text) { text } else { text.nfc().collect() }
}

/// Whether text is surely in normal form. Where it takes more than a glance, the answer is no.
fn is_nfc(text: &str) -> bool {
    text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

impl Refinement {
    /// What is known, in Terraform's encoding (the body of extension type 12).
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(Some(bytes.into()))
    }

    pub(crate) fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// The same, without what is known of the spelling: at most "not null", which comes first.
    pub(crate) fn of_presence(&self) -> Self {
        match self.as_bytes() {
            Some([_, 1, 0xc2, ..]) => Self::from_bytes(&[0x81, 1, 0xc2]),
            _ => Self::default(),
        }
    }
}

/// Any two are equal, and so are the unknowns that carry them.
impl PartialEq for Refinement {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Refinement {}

impl PartialOrd for Refinement {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Refinement {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(nfc(text.into()).into_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(nfc(text.into()).into_owned())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_attribute_is_null() {
        let value = Value::map([("a", Value::list([1.into(), Value::unknown()]))]);
        assert_eq!(value.get("b"), &Value::Null);
        assert_eq!(value.at(&Path::from("a").index(0)), &Value::from(1));
        assert_eq!(value.at(&Path::from("a").index(7)), &Value::Null);
        assert_eq!(value.at(&Path::from("a").index(1).attribute("x")), &Value::unknown());
        assert_eq!(value.at(&Path::root()), &value);
    }

    #[test]
    fn unknown_inside_is_not_wholly_known() {
        let value = Value::list([Value::map([("a", Value::unknown())])]);
        assert!(value.is_known() && !value.is_wholly_known());
        assert!(!Value::unknown().is_known());
    }

    #[test]
    fn set_merges_equal_known_elements() {
        let half = || Value::map([("a", Value::unknown())]);
        let mut set = vec!["b".into(), half(), "a".into(), half(), "b".into()];
        arrange_set(&mut set);
        assert_eq!(set, ["a".into(), "b".into(), half(), half()]);
    }

    #[test]
    fn text_is_composed() {
        assert_eq!(Value::from("e\u{301}"), Value::from("\u{e9}"));
    }
}
