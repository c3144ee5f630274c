//! How long an operation may take: one nested attribute, the same for every resource.

use std::{fmt, str::FromStr, time::Duration};

use tf_provider_derive::Model;

use crate::field::Normalized;

/// How long each operation may take before it is given up.
#[derive(Model, Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Time to create the object, such as `5m` or `1h30m`.
    pub create: Option<Normalized<Span>>,
    /// Time to read the object.
    pub read: Option<Normalized<Span>>,
    /// Time to update the object.
    pub update: Option<Normalized<Span>>,
    /// Time to delete the object.
    pub delete: Option<Normalized<Span>>,
}

/// A length of time as Terraform users write it: `90s`, `5m`, `1h30m`, `500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(Duration);

/// Text that is not a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanError;

impl Span {
    /// As Rust knows it.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let mut total = Duration::ZERO;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or(SpanError)?;
            let (count, tail) = rest.split_at_checked(end).ok_or(SpanError)?;
            let count: u64 = count.parse().or(Err(SpanError))?;
            let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at_checked(end).ok_or(SpanError)?;
            let part = match unit {
                "h" => count.checked_mul(3600).map(Duration::from_secs),
                "m" => count.checked_mul(60).map(Duration::from_secs),
                "s" => Some(Duration::from_secs(count)),
                "ms" => Some(Duration::from_millis(count)),
                _ => None,
            };
            total = part.and_then(|part| total.checked_add(part)).ok_or(SpanError)?;
            rest = tail;
        }
        // Nobody means to give up at once.
        if total.is_zero() { Err(SpanError) } else { Ok(Self(total)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        let parts = [
            (seconds / 3600, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
            (millis.into(), "ms"),
        ];
        if parts.iter().all(|(count, _)| *count == 0) {
            return f.write_str("0s");
        }
        for (count, unit) in parts.iter().filter(|(count, _)| *count > 0) {
            write!(f, "{count}{unit}")?;
        }
        Ok(())
    }
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a length of time such as `90s`, `5m` or `1h30m`")
    }
}

impl std::error::Error for SpanError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{field::Field, model::Model as _, value::Value};

    #[track_caller]
    fn check(text: &str, expected: Result<u64, SpanError>) {
        let millis = |span: Span| u64::try_from(span.duration().as_millis()).unwrap();
        assert_eq!(text.parse().map(millis), expected, "{text}");
    }

    #[test]
    fn spans() {
        check("5m", Ok(300_000));
        check("1h30m", Ok(5_400_000));
        check("90s", Ok(90_000));
        check("1500ms", Ok(1_500));
        for text in ["", "5", "m", "5 m", "-5m", "5d", "1.5h", "0s", "99999999999999999999s", "5mm"]
        {
            check(text, Err(SpanError));
        }
        check("18446744073709551615h", Err(SpanError));
    }

    #[test]
    fn the_schema_is_sound() {
        assert_eq!(Timeouts::object().schema_errors(), Vec::<String>::new());
        let written = Value::map([("create", "60s".into()), ("read", Value::Null)]);
        let timeouts = Timeouts::decode(written).unwrap();
        assert_eq!(timeouts.create.unwrap().duration(), Duration::from_mins(1));
        assert!(Option::<Normalized<Span>>::semantic_equals(&"60s".into(), &"1m".into()));
    }

    proptest! {
        #[test]
        fn printed_spans_can_be_read(millis in 1..u64::from(u32::MAX)) {
            let span = Span::from(Duration::from_millis(millis));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
