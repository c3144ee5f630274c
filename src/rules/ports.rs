//! Ports of a rule: all of them, or ports and ranges such as `80,443,8000-8010`.

use std::{fmt, str::FromStr};

use crate::parse_error::ParseError;

/// A set of ports. Canonical: ranges ascend, do not overlap, do not touch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// Empty means every port, with protocols that have no ports, too.
    ranges: Vec<PortRange>,
}

/// Ports from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl Ports {
    /// Every port.
    pub const ALL: Self = Self { ranges: Vec::new() };

    /// Whether every port is meant.
    pub fn is_all(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The ranges in ascending order; none when every port is meant.
    pub fn ranges(&self) -> &[PortRange] {
        &self.ranges
    }

    /// As `parse`, for the text of a service: ranges may come in any order and overlap.
    pub fn parse_normalized(text: &str) -> Result<Self, ParseError> {
        Ok(Self::canonical(written(text)?))
    }

    fn canonical(mut ranges: Vec<PortRange>) -> Self {
        ranges.sort_unstable();
        ranges.dedup_by(|next, kept| {
            let joins = u32::from(next.first) <= u32::from(kept.last) + 1;
            if joins {
                kept.last = kept.last.max(next.last);
            }
            joins
        });
        Self { ranges }
    }
}

/// Strict, since it reads what a user writes: a list out of order is more often a slip than meant.
impl FromStr for Ports {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let ranges = written(text)?;
        for (left, right) in ranges.iter().zip(ranges.iter().skip(1)) {
            if right.last < left.first {
                return Err(ParseError::because(format!(
                    "ports must be in ascending order, but `{left}` comes before `{right}`"
                )));
            }
            if right.first <= left.last {
                return Err(ParseError::because(format!("`{left}` and `{right}` overlap")));
            }
        }
        Ok(Self::canonical(ranges))
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("ALL");
        }
        for (position, range) in self.ranges.iter().enumerate() {
            let separator = if position == 0 { "" } else { "," };
            write!(f, "{separator}{range}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// The ranges of `text` as they are written.
fn written(text: &str) -> Result<Vec<PortRange>, ParseError> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(Vec::new());
    }
    text.split(',').map(range).collect()
}

fn range(text: &str) -> Result<PortRange, ParseError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port(first)?, port(last)?);
    if first > last {
        return Err(ParseError::because(format!(
            "the range `{first}-{last}` is reversed; write `{last}-{first}`"
        )));
    }
    Ok(PortRange { first, last })
}

fn port(text: &str) -> Result<u16, ParseError> {
    // `u16::from_str` alone would take `+80`.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or_else(|| {
        ParseError::expected(
            "ports from 0 to 65535, such as `443`, `80,443` or `8000-9000`, or `ALL`",
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_parsed_into_its_canonical_form() {
        for (text, canonical) in [
            ("ALL", "ALL"),
            ("all", "ALL"),
            ("443", "443"),
            ("0443", "443"),
            ("80-80", "80"),
            ("80,443", "80,443"),
            ("80,81", "80-81"),
            ("8000-9000", "8000-9000"),
            ("0-65535", "0-65535"),
            ("22,80-90,443", "22,80-90,443"),
            ("1-65534,65535", "1-65535"),
        ] {
            assert_eq!(text.parse::<Ports>().unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn ports_of_the_service_are_sorted_and_merged() {
        for (text, canonical) in
            [("443,80", "80,443"), ("80-90,85-95", "80-95"), ("1-9,3,5", "1-9"), ("7,7", "7")]
        {
            assert_eq!(Ports::parse_normalized(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn invalid_text_is_refused_with_the_expected_form() {
        let error = |text: &str| text.parse::<Ports>().unwrap_err().to_string();
        insta::assert_snapshot!(error("http"), @"expected ports from 0 to 65535, such as `443`, `80,443` or `8000-9000`, or `ALL`");
        insta::assert_snapshot!(error("65536"), @"expected ports from 0 to 65535, such as `443`, `80,443` or `8000-9000`, or `ALL`");
        insta::assert_snapshot!(error("+80"), @"expected ports from 0 to 65535, such as `443`, `80,443` or `8000-9000`, or `ALL`");
        insta::assert_snapshot!(error("80, 443"), @"expected ports from 0 to 65535, such as `443`, `80,443` or `8000-9000`, or `ALL`");
        insta::assert_snapshot!(error(""), @"expected ports from 0 to 65535, such as `443`, `80,443` or `8000-9000`, or `ALL`");
        insta::assert_snapshot!(error("90-80"), @"the range `90-80` is reversed; write `80-90`");
        insta::assert_snapshot!(error("443,80"), @"ports must be in ascending order, but `443` comes before `80`");
        insta::assert_snapshot!(error("80-90,85"), @"`80-90` and `85` overlap");
        insta::assert_snapshot!(error("80,80"), @"`80` and `80` overlap");
        insta::assert_snapshot!(error("80-90,70-85"), @"`80-90` and `70-85` overlap");
    }

    proptest! {
        #[test]
        fn canonical_form_has_the_same_ports(pieces in proptest::collection::vec((0..50_u16, 0..50_u16), 1..6), port in 0..50_u16) {
            let ranges: Vec<PortRange> = pieces
                .into_iter()
                .map(|(a, b)| PortRange { first: a.min(b), last: a.max(b) })
                .collect();
            let has = |ranges: &[PortRange]| ranges.iter().any(|r| (r.first..=r.last).contains(&port));
            let before = has(&ranges);
            let ports = Ports::canonical(ranges);
            prop_assert_eq!(has(ports.ranges()), before);
            prop_assert_eq!(ports.to_string().parse::<Ports>().unwrap(), ports);
        }
    }
}
