//! The region a call is about.

use std::{fmt, str::FromStr};

use crate::parse_error::ParseError;

/// Name of a region, such as `ap-guangzhou`. Which ones there are, the service decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// Far longer than any region's name.
const LONGEST: usize = 64;

impl Region {
    /// The name as the service writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let known = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-';
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        if begins && text.len() <= LONGEST && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseError::expected("a region, such as `ap-guangzhou`"))
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_region_is_parsed() {
        for text in ["ap-guangzhou", "na-ashburn", "ap-shanghai-fsi", "eu-frankfurt2"] {
            assert_eq!(text.parse::<Region>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn invalid_region_is_refused_without_quoting_it() {
        let long = "a".repeat(1_000_000);
        for text in
            ["", "AP-GUANGZHOU", "ap guangzhou", "ap-guangzhou\r\nX-Evil: 1", "-x", "广州", &long]
        {
            let error = text.parse::<Region>().unwrap_err().to_string();
            assert_eq!(error, "expected a region, such as `ap-guangzhou`");
        }
    }
}
