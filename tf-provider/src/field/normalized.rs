//! Strings with a meaning.

use std::{
    cmp::Ordering,
    fmt::{self, Display},
    hash::{Hash, Hasher},
    ops::Deref,
    str::FromStr,
};

use super::{Field, read};
use crate::{
    schema::AttributeType,
    value::{DecodeError, Type, Value},
};

/// A string with a meaning, such as a network or a duration.
///
/// It keeps the spelling that the user chose and compares by what it means. Text without a meaning
/// is refused at plan; the error of [`FromStr`] is the message.
///
/// ```
/// use std::net::Ipv6Addr;
/// use tf_provider::Normalized;
///
/// let long: Normalized<Ipv6Addr> = "2001:db8::0001".parse()?;
/// let short: Normalized<Ipv6Addr> = "2001:db8::1".parse()?;
/// assert_eq!(long, short);
/// assert_eq!(long.spelling(), "2001:db8::0001");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Normalized<T> {
    value: T,
    spelling: String,
}

impl<T: Display> Normalized<T> {
    /// In the spelling that the type itself prefers.
    pub fn new(value: T) -> Self {
        Self { spelling: value.to_string(), value }
    }
}

impl<T> Normalized<T> {
    /// As it was written.
    pub fn spelling(&self) -> &str {
        &self.spelling
    }

    /// What it means.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What it means.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T: FromStr> FromStr for Normalized<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        Ok(Self { value: text.parse()?, spelling: text.to_owned() })
    }
}

impl<T: Display> From<T> for Normalized<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> Deref for Normalized<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Display for Normalized<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spelling.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Normalized<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Normalized<T> {}

impl<T: PartialOrd> PartialOrd for Normalized<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Normalized<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Hash> Hash for Normalized<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T> Field for Normalized<T>
where
    T: FromStr<Err: Display> + PartialEq + Send + Sync + 'static,
{
    type Inner = Self;

    fn kind() -> AttributeType {
        AttributeType::Plain(Type::String)
    }

    fn decode(value: Value) -> Result<Self, DecodeError> {
        let text = String::decode(value)?;
        match text.parse() {
            Ok(value) => Ok(Self { value, spelling: text }),
            Err(error) => Err(DecodeError::new(error.to_string())),
        }
    }

    fn encode(&self) -> Value {
        Value::from(self.spelling.as_str())
    }

    fn semantic_equals(a: &Value, b: &Value) -> bool {
        a == b || read::<Self>(a).is_some_and(|a| read(b).is_some_and(|b| a == b))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::diagnostics::Diagnostics;

    #[test]
    fn spelling_is_kept() {
        let text = Normalized::<IpAddr>::decode("::0:1".into()).unwrap();
        assert_eq!(text.encode(), Value::from("::0:1"));
        assert_eq!(*text, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16]));
        assert_eq!(Normalized::new(*text).spelling(), "::1");
    }

    #[test]
    fn semantic_equality_compares_parsed_values() {
        #[track_caller]
        fn check(a: impl Into<Value>, b: impl Into<Value>, expected: bool) {
            assert_eq!(Normalized::<IpAddr>::semantic_equals(&a.into(), &b.into()), expected);
        }
        check("::1", "::0:1", true);
        check("::1", "::2", false);
        check("::1", "junk", false);
        check("junk", "junk", true);
        check("::1", Value::unknown(), false);
        check("::1", Value::Null, false);
    }

    #[test]
    fn text_that_does_not_parse_is_refused() {
        let mut found = Diagnostics::new();
        Normalized::<IpAddr>::check(&"junk".into(), &"peer".into(), &mut found);
        assert_eq!(found.to_string(), "peer: invalid value of `peer`");
        let mut none = Diagnostics::new();
        Normalized::<IpAddr>::check(&Value::unknown(), &"peer".into(), &mut none);
        assert!(none.is_empty());
    }
}
