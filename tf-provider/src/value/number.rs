//! Exact numbers: Terraform computes with 512 bits, so neither `i64` nor `f64` is enough.

use std::{
    cmp::Ordering,
    fmt::{self, Write as _},
    str::FromStr,
};

/// A number, exact at any size and any number of digits.
///
/// Equality and order are numeric: `1`, `1.0` and `10e-1` are one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Repr);

/// Every number has exactly one of these, so that equality can be derived.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    /// A whole number that fits.
    Int(i64),
    /// Any other number.
    Decimal(Box<Decimal>),
}

/// `digits × 10^exponent`; the digits neither begin nor end with a zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i32,
}

/// Text that is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// It is not written as a number.
    Syntax,
    /// It has more than 4096 digits, zeros included.
    Size,
}

/// The most digits that a number may need when written out.
///
/// Without it, `1e999999999` would be ten bytes to receive and a gigabyte to send back.
const MAX_DIGITS: usize = 4096;

impl Number {
    /// The number that the shortest decimal spelling of `value` means: `0.1` is a tenth.
    ///
    /// This is what an author means by a float. There is no number for NaN and infinity.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| value.to_string().parse().ok()).flatten()
    }

    /// The number that `value` is to the last bit: `0.1` is a little more than a tenth.
    ///
    /// This is what a float on the wire means.
    pub(crate) fn from_exact_f64(value: f64) -> Option<Self> {
        // No float needs more than 1074 digits behind the point.
        value.is_finite().then(|| format!("{value:.1074}").parse().ok()).flatten()
    }

    /// The number as a whole one, if it is one and fits.
    pub fn to_i128(&self) -> Option<i128> {
        match &self.0 {
            Repr::Int(int) => Some((*int).into()),
            Repr::Decimal(decimal) if decimal.exponent >= 0 => decimal.to_string().parse().ok(),
            Repr::Decimal(_) => None,
        }
    }

    /// The nearest float.
    pub fn to_f64(&self) -> f64 {
        // Every spelling of a number is one of a float too.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The number as `i64`, if it is one.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Int(int) => Some(int),
            Repr::Decimal(_) => None,
        }
    }

    /// The number as a float that is not whole, if it is one to the last bit.
    pub(crate) fn as_exact_fraction(&self) -> Option<f64> {
        match &self.0 {
            // A fraction with a power of two below ends in a five.
            Repr::Decimal(decimal) if decimal.exponent < 0 && decimal.digits.ends_with('5') => {
                let float = self.to_f64();
                (Self::from_exact_f64(float).as_ref() == Some(self)).then_some(float)
            }
            _ => None,
        }
    }

    fn decimal(&self) -> Decimal {
        match &self.0 {
            Repr::Decimal(decimal) => Decimal::clone(decimal),
            Repr::Int(int) => {
                let all = int.unsigned_abs().to_string();
                let digits = all.trim_end_matches('0').to_owned();
                let exponent = i32::try_from(all.len() - digits.len()).unwrap_or(0);
                Decimal { negative: *int < 0, digits, exponent }
            }
        }
    }
}

impl Decimal {
    /// How many digits stand before the point; less than one for small fractions.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX) + i64::from(self.exponent)
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        // Without zeros at either end, digits compare like words in a dictionary.
        (self.magnitude(), &self.digits).cmp(&(other.magnitude(), &other.digits))
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if let Ok(int) = text.parse() {
            return Ok(Self(Repr::Int(int)));
        }
        if text.len() > MAX_DIGITS {
            return Err(NumberError::Size);
        }
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..)),
            Some(b'+') => (false, text.get(1..)),
            _ => (false, Some(text)),
        };
        let rest = rest.ok_or(NumberError::Syntax)?;
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NumberError::Syntax);
        }
        let exponent = parse_exponent(exponent)? - i64::try_from(fraction.len()).unwrap_or(0);
        let kept = digits.trim_end_matches('0');
        let zeros = i64::try_from(digits.len() - kept.len()).unwrap_or(0);
        Self::new(negative, kept.trim_start_matches('0').to_owned(), exponent + zeros)
    }
}

fn parse_exponent(text: &str) -> Result<i64, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    // An exponent too long for an i32 is certainly beyond the limit.
    text.parse::<i32>().map(i64::from).or(Err(NumberError::Size))
}

impl Number {
    /// From digits without zeros at either end.
    fn new(negative: bool, digits: String, exponent: i64) -> Result<Self, NumberError> {
        if digits.is_empty() {
            return Ok(Self(Repr::Int(0)));
        }
        let written = exponent.unsigned_abs().saturating_add(digits.len() as u64);
        let (true, Ok(exponent)) = (written <= MAX_DIGITS as u64, i32::try_from(exponent)) else {
            return Err(NumberError::Size);
        };
        let decimal = Decimal { negative, digits, exponent };
        if exponent >= 0
            && decimal.magnitude() <= 19
            && let Ok(int) = decimal.to_string().parse()
        {
            return Ok(Self(Repr::Int(int)));
        }
        Ok(Self(Repr::Decimal(Box::new(decimal))))
    }
}

/// Written out, without an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(int) => int.fmt(f),
            Repr::Decimal(decimal) => decimal.fmt(f),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_char('-')?;
        }
        let zeros = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(0);
        if self.exponent >= 0 {
            return write!(f, "{}{:0<zeros$}", self.digits, "");
        }
        match self
            .digits
            .len()
            .checked_sub(zeros)
            .and_then(|point| self.digits.split_at_checked(point))
        {
            Some((whole, fraction)) if !whole.is_empty() => write!(f, "{whole}.{fraction}"),
            _ => write!(f, "0.{:0>zeros$}", self.digits),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0) {
            return a.cmp(b);
        }
        let sign = |number: &Self| match &number.0 {
            Repr::Int(int) => int.signum(),
            Repr::Decimal(decimal) if decimal.negative => -1,
            Repr::Decimal(_) => 1,
        };
        let magnitude = || self.decimal().cmp_magnitude(&other.decimal());
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            -1 => magnitude().reverse(),
            _ => magnitude(),
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! from_small {
    ($($int:ty)*) => {$(
        impl From<$int> for Number {
            fn from(int: $int) -> Self {
                Self(Repr::Int(int.into()))
            }
        }
    )*};
}

from_small!(i8 i16 i32 i64 u8 u16 u32);

impl From<u64> for Number {
    fn from(int: u64) -> Self {
        if let Ok(int) = i64::try_from(int) {
            Self(Repr::Int(int))
        } else {
            let all = int.to_string();
            let digits = all.trim_end_matches('0').to_owned();
            let exponent = i32::try_from(all.len() - digits.len()).unwrap_or(0);
            Self(Repr::Decimal(Box::new(Decimal { negative: false, digits, exponent })))
        }
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("this is not a number"),
            Self::Size => write!(f, "a number has at most {MAX_DIGITS} digits"),
        }
    }
}

impl std::error::Error for NumberError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(text: &str, expected: Result<&str, NumberError>) {
        assert_eq!(
            text.parse::<Number>().map(|number| number.to_string()),
            expected.map(str::to_owned),
            "{text}"
        );
    }

    #[test]
    fn number_is_parsed_and_printed() {
        check("0", Ok("0"));
        check("-0.0", Ok("0"));
        check("+7", Ok("7"));
        check("0.1", Ok("0.1"));
        check(".5", Ok("0.5"));
        check("5.", Ok("5"));
        check("-12.50", Ok("-12.5"));
        check("1e3", Ok("1000"));
        check("123E-5", Ok("0.00123"));
        check("9223372036854775807", Ok("9223372036854775807"));
        check("9223372036854775808", Ok("9223372036854775808"));
        check("-9223372036854775808", Ok("-9223372036854775808"));
        check("0.333333333333333333333333333333333", Ok("0.333333333333333333333333333333333"));
        for text in
            ["", "-", ".", "e5", "1e", "1e+", "1 ", "0x10", "1_000", "NaN", "inf", "１", "--1"]
        {
            check(text, Err(NumberError::Syntax));
        }
        check("1e999999999", Err(NumberError::Size));
        check("1e-99999999999999999999", Err(NumberError::Size));
        check(&"1".repeat(5000), Err(NumberError::Size));
    }

    #[test]
    fn one_number_has_one_form() {
        assert_eq!(number("1.0"), number("1"));
        assert_eq!(number("10e-1"), Number::from(1_u8));
        assert_eq!(number("18446744073709551615"), Number::from(u64::MAX));
        assert_eq!(number("1e19"), Number::from(10_000_000_000_000_000_000_u64));
    }

    #[test]
    fn floats_mean_what_is_written() {
        assert_eq!(Number::from_f64(0.1), Some(number("0.1")));
        assert_ne!(Number::from_exact_f64(0.1), Some(number("0.1")));
        assert_eq!(Number::from_exact_f64(1.5), Some(number("1.5")));
        assert_eq!(Number::from_exact_f64(-0.0), Some(number("0")));
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(Number::from_f64(f64::INFINITY), None);
        assert_eq!(number("1.5").as_exact_fraction(), Some(1.5));
        assert_eq!(number("0.15").as_exact_fraction(), None);
        assert_eq!(number("2").as_exact_fraction(), None);
    }

    #[test]
    fn order_is_numeric() {
        let sorted = [
            "-1e30", "-2", "-1.5", "-1", "0", "1e-9", "0.1", "0.12", "1", "1.5", "2", "10", "1e30",
        ];
        for (n, a) in sorted.iter().enumerate() {
            for (m, b) in sorted.iter().enumerate() {
                assert_eq!(number(a).cmp(&number(b)), n.cmp(&m), "{a} {b}");
            }
        }
    }

    proptest! {
        #[test]
        fn integers_survive(int: i128) {
            let number: Number = int.to_string().parse().unwrap();
            prop_assert_eq!(number.to_i128(), Some(int));
            prop_assert_eq!(number.to_string(), int.to_string());
        }

        #[test]
        fn floats_survive(float in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let (meant, exact) =
                (Number::from_f64(float).unwrap(), Number::from_exact_f64(float).unwrap());
            prop_assert_eq!(meant.to_f64().to_bits(), float.to_bits());
            prop_assert_eq!(exact.to_f64().to_bits(), float.to_bits());
            prop_assert_eq!(exact.to_string().parse(), Ok(exact));
        }

        #[test]
        fn order_of_floats(a in proptest::num::f64::NORMAL, b in proptest::num::f64::NORMAL) {
            let numbers = (Number::from_exact_f64(a).unwrap(), Number::from_exact_f64(b).unwrap());
            prop_assert_eq!(Some(numbers.0.cmp(&numbers.1)), a.partial_cmp(&b));
        }

        #[test]
        fn any_text_is_refused_or_read(text in "[-+0-9.eE]{0,12}") {
            if let Ok(number) = text.parse::<Number>() {
                prop_assert_eq!(number.to_string().parse(), Ok(number));
            }
        }
    }
}
