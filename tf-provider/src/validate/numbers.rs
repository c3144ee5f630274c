//! Rules for numbers.

use std::{
    fmt::{self, Debug},
    ops::{Bound, RangeBounds},
};

use super::Validate;
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    field::Field,
    path::Path,
    value::{Number, Value},
};

/// Types that are numbers.
pub trait Numeric: Field {}

macro_rules! real {
    ($($number:ty)*) => {$(impl Numeric for $number {})*};
}

real!(i8 i16 i32 i64 u8 u16 u32 u64 f64 Number);

/// See [`range`].
#[derive(Clone)]
pub struct Range(Bound<Number>, Bound<Number>);

/// A number within bounds: `range(1..=65535)`.
pub fn range<N: Into<Number> + Clone>(range: impl RangeBounds<N>) -> Range {
    Range(range.start_bound().cloned().map(Into::into), range.end_bound().cloned().map(Into::into))
}

impl<T: Numeric> Validate<T> for Range {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        if let Value::Number(number) = value
            && !(self.0.clone(), self.1.clone()).contains(number)
        {
            out.push(Diagnostic::invalid(at, format!("must be {self:?}")));
        }
    }

    fn doc(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}

/// In words: `from 1 to 65535`.
impl Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, &self.1) {
            (Bound::Included(low), Bound::Included(high)) => write!(f, "from {low} to {high}"),
            (Bound::Included(low), Bound::Unbounded) => write!(f, "at least {low}"),
            (Bound::Unbounded, Bound::Included(high)) => write!(f, "at most {high}"),
            (Bound::Unbounded, Bound::Excluded(high)) => write!(f, "below {high}"),
            (Bound::Excluded(low), Bound::Unbounded) => write!(f, "above {low}"),
            (Bound::Included(low), Bound::Excluded(high)) => {
                write!(f, "at least {low} and below {high}")
            }
            (Bound::Excluded(low), Bound::Included(high)) => {
                write!(f, "above {low} and at most {high}")
            }
            (Bound::Excluded(low), Bound::Excluded(high)) => {
                write!(f, "above {low} and below {high}")
            }
            (Bound::Unbounded, Bound::Unbounded) => f.write_str("a number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::run;

    #[track_caller]
    fn check<T: Numeric>(rule: Range, number: &str, expected: Result<(), &str>) {
        let found = run::<T, _, _>(rule, &Value::Number(number.parse().unwrap()));
        let expected: Vec<_> =
            expected.err().map(|text| format!("a: {text}")).into_iter().collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn range_refuses_numbers_outside_bounds() {
        check::<u16>(range(1..=10), "1", Ok(()));
        check::<u16>(range(1..=10), "11", Err("must be from 1 to 10"));
        check::<u16>(range(1..10), "10", Err("must be at least 1 and below 10"));
        check::<i64>(range(0..), "-1", Err("must be at least 0"));
        check::<i64>(range(..=0), "1", Err("must be at most 0"));
        check::<i64>(range(..0), "0", Err("must be below 0"));
        check::<Number>(range(0..=1), "1.00000000000000000001", Err("must be from 0 to 1"));
    }
}
