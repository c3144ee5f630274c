//! Rules for numbers.

use std::fmt::{self, Debug};
use std::ops::{Bound, RangeBounds};

use super::Validate;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::field::Field;
use crate::path::Path;
use crate::value::{Number, Value};

/// Types that are numbers.
pub trait Real: Field {}

macro_rules! real {
    ($($number:ty)*) => {$(impl Real for $number {})*};
}

real!(i8 i16 i32 i64 u8 u16 u32 u64 f64 Number);

/// See [`range`].
#[derive(Clone)]
pub struct Range(Bound<Number>, Bound<Number>);

/// A number within bounds: `range(1..=65535)`.
pub fn range<N: Into<Number> + Clone>(range: impl RangeBounds<N>) -> Range {
    Range(range.start_bound().cloned().map(Into::into), range.end_bound().cloned().map(Into::into))
}

impl<T: Real> Validate<T> for Range {
    fn check(&self, value: &Value, at: &Path, out: &mut Diagnostics) {
        if let Value::Number(number) = value {
            if !(self.0.clone(), self.1.clone()).contains(number) {
                out.push(Diagnostic::invalid(at, format!("must be {self:?}, but is {number}")));
            }
        }
    }

    fn doc(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}

/// In words: `from 1 to 65535`.
impl Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = match &self.0 {
            Bound::Included(n) => Some(format!("from {n}")),
            Bound::Excluded(n) => Some(format!("above {n}")),
            Bound::Unbounded => None,
        };
        let high = match &self.1 {
            Bound::Included(n) => Some(format!("to {n}")),
            Bound::Excluded(n) => Some(format!("below {n}")),
            Bound::Unbounded => None,
        };
        match (low, high, &self.0, &self.1) {
            (Some(low), Some(high), ..) => write!(f, "{low} {high}"),
            (Some(_), None, Bound::Included(n), _) => write!(f, "at least {n}"),
            (None, Some(_), _, Bound::Included(n)) => write!(f, "at most {n}"),
            (Some(one), None, ..) | (None, Some(one), ..) => f.write_str(&one),
            (None, None, ..) => f.write_str("a number"),
        }
    }
}
