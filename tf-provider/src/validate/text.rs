//! Rules for text, and for how long something is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    net::IpAddr,
    ops::{Bound, RangeBounds},
    str::FromStr,
};

use regex_lite::Regex;
use secrecy::SecretString;

use super::Validate;
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    field::{Field, Normalized},
    path::Path,
    value::Value,
};

/// Types that are written as a string.
pub trait StringLike: Field {}

impl StringLike for String {}
impl StringLike for SecretString {}
impl<T> StringLike for Normalized<T> where
    T: FromStr<Err: Display> + PartialEq + Send + Sync + 'static
{
}

/// Types that have a length: text has characters, a collection has elements.
pub trait HasLength: Field {
    /// What its length counts.
    const UNIT: &'static str = "element";
    /// Whether elements that are not known yet may turn out to be one and the same.
    const MAY_SHRINK: bool = false;
}

impl HasLength for String {
    const UNIT: &'static str = "character";
}
impl HasLength for SecretString {
    const UNIT: &'static str = "character";
}
impl<T> HasLength for Normalized<T>
where
    T: FromStr<Err: Display> + PartialEq + Send + Sync + 'static,
{
    const UNIT: &'static str = "character";
}
impl<T: Field> HasLength for Vec<T> {}
impl<T: Field + Ord> HasLength for BTreeSet<T> {
    const MAY_SHRINK: bool = true;
}
impl<T: Field> HasLength for BTreeMap<String, T> {}

/// See [`length`].
#[derive(Clone, Copy, Debug)]
pub struct Length {
    least: usize,
    most: Option<usize>,
}

/// Text of so many characters, or a collection of so many elements.
pub fn length(range: impl RangeBounds<usize>) -> Length {
    let least = match range.start_bound() {
        Bound::Included(n) => *n,
        Bound::Excluded(n) => n.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let most = match range.end_bound() {
        Bound::Included(n) => Some(*n),
        Bound::Excluded(n) => Some(n.saturating_sub(1)),
        Bound::Unbounded => None,
    };
    Length { least, most }
}

impl Length {
    fn units(self, unit: &str) -> String {
        let number = match (self.least, self.most) {
            (least, Some(most)) if least == most => format!("exactly {least}"),
            (0, Some(most)) => format!("at most {most}"),
            (least, Some(most)) => format!("{least} to {most}"),
            (least, None) => format!("at least {least}"),
        };
        let plural = if self.most.unwrap_or(self.least) == 1 { "" } else { "s" };
        format!("{number} {unit}{plural}")
    }
}

impl<T: HasLength> Validate<T> for Length {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        let length = match value {
            Value::String(text) => text.chars().count(),
            Value::List(elements) => elements.len(),
            Value::Map(entries) => entries.len(),
            _ => return,
        };
        let too_long = self.most.is_some_and(|most| length > most)
            && (!T::MAY_SHRINK || value.is_wholly_known());
        if length < self.least || too_long {
            let must = self.units(T::UNIT);
            out.push(Diagnostic::invalid(at, format!("must have {must}, but has {length}")));
        }
    }

    fn doc(&self) -> Option<String> {
        Some(self.units(T::UNIT))
    }
}

/// See [`non_empty`].
#[derive(Clone, Copy, Debug)]
pub struct NonEmpty;

/// Text that is not only white space, or a collection that has elements.
pub fn non_empty() -> NonEmpty {
    NonEmpty
}

impl<T: HasLength> Validate<T> for NonEmpty {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        let empty = match value {
            Value::String(text) => text.trim().is_empty(),
            Value::List(elements) => elements.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            _ => false,
        };
        if empty {
            out.push(Diagnostic::invalid(at, "must not be empty"));
        }
    }

    fn doc(&self) -> Option<String> {
        Some("not empty".to_owned())
    }
}

/// A rule for text: what it must be, and whether a text is.
fn check_text(
    value: &Value,
    (at, out): (&Path, &mut Diagnostics),
    holds: impl Fn(&str) -> bool,
    must: impl FnOnce() -> String,
) {
    if let Value::String(text) = value
        && !holds(text)
    {
        out.push(Diagnostic::invalid(at, format!("must {}", must())));
    }
}

/// See [`prefix`].
#[derive(Clone, Copy, Debug)]
pub struct Prefix(&'static str);

/// Text that begins like this, and goes on.
pub fn prefix(prefix: &'static str) -> Prefix {
    Prefix(prefix)
}

impl<T: StringLike> Validate<T> for Prefix {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        let holds = |text: &str| text.strip_prefix(self.0).is_some_and(|rest| !rest.is_empty());
        check_text(value, (at, out), holds, || format!("begin with `{}`", self.0));
    }

    fn doc(&self) -> Option<String> {
        Some(format!("begins with `{}`", self.0))
    }
}

/// See [`pattern`].
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Result<Regex, String>,
    must: &'static str,
}

/// Text that matches a regular expression as a whole. `must` says it in words:
/// `pattern("[a-z0-9-]+", "consist of lower-case letters, digits and hyphens")`.
pub fn pattern(regex: &str, must: &'static str) -> Pattern {
    let regex = Regex::new(&format!("^(?:{regex})$")).map_err(|error| error.to_string());
    Pattern { regex, must }
}

impl<T: StringLike> Validate<T> for Pattern {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        // A pattern that is none is a problem of the schema, not of the value.
        let holds = |text: &str| self.regex.as_ref().map_or(true, |regex| regex.is_match(text));
        check_text(value, (at, out), holds, || self.must.to_owned());
    }

    fn doc(&self) -> Option<String> {
        Some(format!("must {}", self.must))
    }

    fn problem(&self) -> Option<String> {
        self.regex.as_ref().err().cloned()
    }
}

/// See [`one_of`].
#[derive(Clone, Debug)]
pub struct OneOf(Vec<&'static str>);

/// One of a few words, in just this spelling. Where several spellings mean the same, use
/// [`Normalized`] of an enum.
pub fn one_of(words: impl IntoIterator<Item = &'static str>) -> OneOf {
    OneOf(words.into_iter().collect())
}

impl OneOf {
    fn quoted(&self) -> String {
        self.0.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
    }
}

impl<T: StringLike> Validate<T> for OneOf {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        let holds = |text: &str| self.0.contains(&text);
        check_text(value, (at, out), holds, || format!("be one of {}", self.quoted()));
    }

    fn doc(&self) -> Option<String> {
        Some(format!("one of {}", self.quoted()))
    }
}

/// See [`cidr`].
#[derive(Clone, Copy, Debug)]
pub struct Cidr;

/// An IPv4 or IPv6 network such as `10.0.0.0/8`. Bits behind the prefix may be set.
pub fn cidr() -> Cidr {
    Cidr
}

impl<T: StringLike> Validate<T> for Cidr {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        check_text(value, (at, out), is_cidr, || "be a network such as `10.0.0.0/8`".to_owned());
    }

    fn doc(&self) -> Option<String> {
        Some("a network in CIDR notation".to_owned())
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    // Only the one spelling: neither `+8` nor `08`.
    prefix.parse::<u8>().is_ok_and(|bits| bits <= most && bits.to_string() == prefix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::run;

    #[track_caller]
    fn check<V: Validate<String>>(rule: V, text: &str, expected: Result<(), &str>) {
        let found = run::<String, _, _>(rule, &text.into());
        let expected: Vec<_> =
            expected.err().map(|text| format!("a: {text}")).into_iter().collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn length_counts_characters() {
        check(length(1..=3), "äöü", Ok(()));
        check(length(1..=3), "", Err("must have 1 to 3 characters, but has 0"));
        check(length(..3), "abc", Err("must have at most 2 characters, but has 3"));
        check(length(2..), "a", Err("must have at least 2 characters, but has 1"));
        check(length(2..=2), "abc", Err("must have exactly 2 characters, but has 3"));
    }

    #[test]
    fn length_counts_elements() {
        let unknowns = Value::list([Value::unknown(), Value::unknown()]);
        let err = ["a: must have at most 1 element, but has 2"];
        assert_eq!(run::<Vec<bool>, _, _>(length(..=1), &unknowns), err);
        // They may turn out to be one.
        assert!(run::<BTreeSet<bool>, _, _>(length(..=1), &unknowns).is_empty());
        let known = Value::list([true.into(), false.into()]);
        assert_eq!(run::<BTreeSet<bool>, _, _>(length(..=1), &known), err);
        assert_eq!(
            run::<BTreeMap<String, bool>, _, _>(length(1..), &Value::map::<&str>([])),
            ["a: must have at least 1 element, but has 0"],
        );
    }

    #[test]
    fn one_of_refuses_other_words() {
        check(non_empty(), " \t", Err("must not be empty"));
        check(non_empty(), "a", Ok(()));
        check(prefix("sg-"), "sg-1", Ok(()));
        check(prefix("sg-"), "sg-", Err("must begin with `sg-`"));
        check(one_of(["a", "b"]), "b", Ok(()));
        check(one_of(["a", "b"]), "B", Err("must be one of `a`, `b`"));
    }

    #[test]
    fn pattern_refuses_other_text() {
        let rule = || pattern("[a-z]+|[0-9]+", "be letters or digits");
        check(rule(), "abc", Ok(()));
        check(rule(), "12", Ok(()));
        check(rule(), "a1", Err("must be letters or digits"));
        check(rule(), "ab\n", Err("must be letters or digits"));
        check(pattern("(", "be odd"), "x", Ok(()));
    }

    #[test]
    fn cidr_refuses_other_text() {
        for text in ["10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "2001:db8::/32", "::/128"] {
            check(cidr(), text, Ok(()));
        }
        for text in [
            "10.0.0.0",
            "10.0.0/8",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "::/129",
            "/8",
            "",
        ] {
            let error = "must be a network such as `10.0.0.0/8`".to_owned();
            check(cidr(), text, Err(&error));
        }
    }
}
