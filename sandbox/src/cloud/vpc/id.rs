//! Identifiers: a prefix and eight characters of `[0-9a-z]`.

use crate::cloud::envelope::ApiError;

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdKind {
    SecurityGroup,
    Address,
    AddressGroup,
    Service,
    ServiceGroup,
}

impl IdKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::SecurityGroup => "sg-",
            Self::Address => "ipm-",
            Self::AddressGroup => "ipmg-",
            Self::Service => "ppm-",
            Self::ServiceGroup => "ppmg-",
        }
    }
}

/// Checks the format of an id.
pub(super) fn check(kind: IdKind, id: &str) -> Result<(), ApiError> {
    let tail = id.strip_prefix(kind.prefix()).unwrap_or_default();
    let well_formed = tail.len() == 8
        && tail.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
    if well_formed {
        return Ok(());
    }
    let message = format!("The id `{id}` is malformed: `{}` and 8 characters.", kind.prefix());
    Err(ApiError::new("InvalidParameterValue.Malformed", message))
}

/// The `count`-th id of a sandbox: no two are equal, and they look as arbitrary as real ones.
pub(super) fn generate(kind: IdKind, count: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    const ALL: u64 = 36u64.pow(8);
    // The factor has no divisor in common with 36, so different counts stay different.
    let mut rest = count.wrapping_mul(1_640_531_527_633) % ALL;
    let mut tail = String::new();
    for _ in 0..8 {
        let digit = usize::try_from(rest % 36).unwrap_or_default();
        tail.push(DIGITS.get(digit).copied().map_or('0', char::from));
        rest /= 36;
    }
    format!("{}{tail}", kind.prefix())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn generated_ids_are_well_formed_and_differ() {
        let ids: BTreeSet<_> =
            (0..5_000).map(|count| generate(IdKind::SecurityGroup, count)).collect();
        assert_eq!(ids.len(), 5_000);
        assert!(ids.iter().all(|id| check(IdKind::SecurityGroup, id).is_ok()));
    }

    #[test]
    fn malformed_id_is_refused() {
        for id in ["", "sg-", "sg-1234567", "sg-123456789", "sg-ABCDEFGH", "ipm-12345678"] {
            assert!(check(IdKind::SecurityGroup, id).is_err(), "{id}");
        }
    }
}
