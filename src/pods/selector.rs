//! The syntax of names, labels and selectors.
//!
//! The checks give messages for a plan: they say which form is expected, and quote no value.

use std::{fmt, str::FromStr};

use crate::cluster::api::LabelSelectorRequirement;

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Its value is one of the values.
    In,
    /// Its value is none of the values, or it is absent.
    NotIn,
    /// It is there, whatever its value.
    Exists,
    /// It is absent.
    DoesNotExist,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
        })
    }
}

impl FromStr for Operator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "In" => Ok(Self::In),
            "NotIn" => Ok(Self::NotIn),
            "Exists" => Ok(Self::Exists),
            "DoesNotExist" => Ok(Self::DoesNotExist),
            _ => Err("expected one of In, NotIn, Exists, DoesNotExist".to_owned()),
        }
    }
}

/// Whether the operator of a condition takes the number of values that is given.
pub fn check_values(requirement: &LabelSelectorRequirement) -> Result<(), String> {
    let operator: Operator = requirement.operator.parse()?;
    match (operator, requirement.values.is_empty()) {
        (Operator::In | Operator::NotIn, true) => {
            Err(format!("`{operator}` needs at least one value"))
        }
        (Operator::Exists | Operator::DoesNotExist, false) => {
            Err(format!("`{operator}` takes no values"))
        }
        _ => Ok(()),
    }
}

/// The key of a label or annotation: `app`, or with a prefix `example.com/app`.
pub fn check_key(key: &str) -> Result<(), String> {
    let name = match key.split_once('/') {
        Some((prefix, name)) => {
            check_subdomain(prefix).map_err(|why| format!("prefix before the slash: {why}"))?;
            name
        }
        None => key,
    };
    check_token(name)
}

/// The value of a label. It may be empty.
pub fn check_value(value: &str) -> Result<(), String> {
    if value.is_empty() { Ok(()) } else { check_token(value) }
}

/// The name of a namespace (RFC 1123 label).
pub fn check_namespace(name: &str) -> Result<(), String> {
    check_length(name, 63)?;
    expect(
        is_dns_label(name),
        "lower case letters, digits and `-`, with a letter or digit at both ends",
    )
}

/// The name of an object (RFC 1123 subdomain).
pub fn check_subdomain(name: &str) -> Result<(), String> {
    check_length(name, 253)?;
    expect(
        name.split('.').all(is_dns_label),
        "lower case letters, digits, `-` and `.`, with a letter or digit at both ends of each part \
         between dots",
    )
}

/// The name of a field manager.
pub fn check_field_manager(name: &str) -> Result<(), String> {
    check_length(name, 128)?;
    expect(name.chars().all(|c| !c.is_control()), "printable characters")
}

/// The part of a key behind the slash, or a value.
fn check_token(text: &str) -> Result<(), String> {
    check_length(text, 63)?;
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    expect(
        text.bytes().all(inner) && has_alphanumeric_ends(text),
        "letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    )
}

fn check_length(text: &str, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    expect((1..=most).contains(&length), &format!("1 to {most} characters, not {length}"))
}

fn expect(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {what}")) }
}

fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.bytes().all(inner) && has_alphanumeric_ends(text)
}

fn has_alphanumeric_ends(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_end(text.as_bytes().first()) && is_end(text.as_bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(with: fn(&str) -> Result<(), String>, valid: &[&str], invalid: &[&str]) {
        for text in valid {
            assert_eq!(with(text), Ok(()), "{text:?}");
        }
        for text in invalid {
            assert!(with(text).is_err(), "{text:?}");
        }
    }

    fn long(length: usize) -> &'static str {
        "a".repeat(length).leak()
    }

    #[test]
    fn label_keys_are_checked() {
        check(
            check_key,
            &["app", "App_2.x", "example.com/app", "app.kubernetes.io/part-of", long(63)],
            &["", "-app", "app.", "a b", "a/b/c", "/app", "example.com/", "Example.com/app", "ä"],
        );
        check(check_key, &[], &[long(64)]);
    }

    #[test]
    fn label_values_are_checked() {
        check(
            check_value,
            &["", "v1.2_3-x", "A", long(63)],
            &[" ", "a b", "-a", "a_", "a/b", "é", long(64)],
        );
    }

    #[test]
    fn namespace_names_are_checked() {
        check(
            check_namespace,
            &["default", "my-namespace", "0", long(63)],
            &["", "a.b", "A", "-a", "a-", "a_b", "a/b", "..", long(64)],
        );
    }

    #[test]
    fn object_names_are_checked() {
        check(
            check_subdomain,
            &["my-policy", "a.b-c.d", long(253)],
            &["", "A", "a..b", ".a", "a.", "a.-b", "a/b", "a?b", "..", long(254)],
        );
    }

    #[test]
    fn field_manager_names_are_checked() {
        check(
            check_field_manager,
            &["terraform-provider-tke", "my team"],
            &["", "a\nb", long(129)],
        );
    }

    #[test]
    fn operators_require_or_forbid_values() {
        let cases: [(&str, &[&str], Result<(), &str>); 8] = [
            ("In", &["a"], Ok(())),
            ("NotIn", &["a", "b"], Ok(())),
            ("Exists", &[], Ok(())),
            ("DoesNotExist", &[], Ok(())),
            ("In", &[], Err("`In` needs at least one value")),
            ("NotIn", &[], Err("`NotIn` needs at least one value")),
            ("Exists", &["a"], Err("`Exists` takes no values")),
            ("in", &["a"], Err("expected one of In, NotIn, Exists, DoesNotExist")),
        ];
        for (operator, values, expected) in cases {
            let requirement = LabelSelectorRequirement {
                key: "app".into(),
                operator: operator.into(),
                values: values.iter().map(|&value| value.to_owned()).collect(),
            };
            assert_eq!(check_values(&requirement), expected.map_err(str::to_owned), "{operator}");
        }
    }

    #[test]
    fn operators_round_trip() {
        for text in ["In", "NotIn", "Exists", "DoesNotExist"] {
            assert_eq!(text.parse::<Operator>().unwrap().to_string(), text);
        }
    }
}
