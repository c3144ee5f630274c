//! How long an operation may take: one nested attribute, the same for every resource.

use std::{fmt, str::FromStr, time::Duration};

use jiff::fmt::friendly::{Designator, Spacing, SpanParser, SpanPrinter};
use tf_provider_derive::Model;

use crate::field::Normalized;

/// How long each operation may take before it is given up.
#[derive(Model, Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Time to create the object, such as `5m` or `1h30m`.
    pub create: Option<Normalized<GoDuration>>,
    /// Time to read the object.
    pub read: Option<Normalized<GoDuration>>,
    /// Time to update the object.
    pub update: Option<Normalized<GoDuration>>,
    /// Time to delete the object.
    pub delete: Option<Normalized<GoDuration>>,
}

/// A duration as Go and other providers write it: `90s`, `1.5h`, `1h30m`, `500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(Duration);

/// Text that is not a duration greater than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoDurationError;

impl GoDuration {
    /// As Rust knows it.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for GoDuration {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl FromStr for GoDuration {
    type Err = GoDurationError;

    fn from_str(text: &str) -> Result<Self, GoDurationError> {
        // jiff reads more than Go: words, spaces and signs.
        let as_in_go =
            |c: char| c.is_ascii_digit() || matches!(c, '.' | 'h' | 'm' | 's' | 'n' | 'u' | 'µ');
        if !text.chars().all(as_in_go) {
            return Err(GoDurationError);
        }
        let duration = SpanParser::new().parse_unsigned_duration(text).or(Err(GoDurationError))?;
        // A limit of zero would end every operation before it starts.
        if duration.is_zero() { Err(GoDurationError) } else { Ok(Self(duration)) }
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printer = SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None);
        f.write_str(&printer.unsigned_duration_to_string(&self.0))
    }
}

impl fmt::Display for GoDurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a duration greater than zero, such as `90s`, `1.5h` or `1h30m`")
    }
}

impl std::error::Error for GoDurationError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{field::Field, model::Model as _, value::Value};

    #[track_caller]
    fn check(text: &str, expected: Result<u64, GoDurationError>) {
        let millis = |span: GoDuration| u64::try_from(span.duration().as_millis()).unwrap();
        assert_eq!(text.parse().map(millis), expected, "{text}");
    }

    #[test]
    fn duration_is_read_as_go_reads_it() {
        check("5m", Ok(300_000));
        check("1h30m", Ok(5_400_000));
        check("1.5h", Ok(5_400_000));
        check("90s", Ok(90_000));
        check("1500ms", Ok(1_500));
        check("1m0.25s", Ok(60_250));
        for text in [
            "",
            "5",
            "m",
            ".",
            "1..5h",
            "5 m",
            "1 hour",
            "1hour",
            "2mins",
            "5mm",
            "-5m",
            "+5m",
            "0s",
            "0h0m",
            "5d",
            "1w",
            "2y",
            "PT5M",
            "01:30:00",
            "5m ago",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            check(text, Err(GoDurationError));
        }
    }

    #[test]
    fn schema_of_timeouts_has_no_errors() {
        assert_eq!(Timeouts::object().schema_errors(), Vec::<String>::new());
        let written = Value::map([("create", "60s".into()), ("read", Value::Null)]);
        let timeouts = Timeouts::decode(written).unwrap();
        assert_eq!(timeouts.create.unwrap().duration(), Duration::from_mins(1));
        assert!(Option::<Normalized<GoDuration>>::semantic_equals(&"60s".into(), &"1m".into()));
    }

    proptest! {
        #[test]
        fn printed_duration_is_read_again(millis in 1..u64::from(u32::MAX)) {
            let span = GoDuration::from(Duration::from_millis(millis));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
