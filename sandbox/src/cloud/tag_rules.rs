//! What a tag may be: the rules that VPC and the tag service share.

use super::envelope::ApiError;

/// Not documented as a number; the console's.
pub(super) const MOST_PER_RESOURCE: usize = 50;

/// Checks one tag. Which characters are legal is not documented in full: no control characters.
pub(super) fn check(key: &str, value: &str) -> Result<(), TagError> {
    let reserved = ["qcloud", "tencent", "project"].iter().any(|prefix| key.starts_with(prefix));
    if key.is_empty() {
        Err(TagError::KeyEmpty)
    } else if key.chars().count() > 127 {
        Err(TagError::KeyTooLong)
    } else if reserved {
        Err(TagError::KeyReserved)
    } else if key.contains(char::is_control) {
        Err(TagError::KeyCharacter)
    } else if value.chars().count() > 255 {
        Err(TagError::ValueTooLong)
    } else if value.contains(char::is_control) {
        Err(TagError::ValueCharacter)
    } else {
        Ok(())
    }
}

/// What can be wrong with one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagError {
    KeyEmpty,
    KeyTooLong,
    KeyReserved,
    KeyCharacter,
    ValueTooLong,
    ValueCharacter,
}

impl TagError {
    /// The error under VPC's code.
    pub(super) fn in_vpc(self, key: &str) -> ApiError {
        self.with_code(
            key,
            match self {
                Self::KeyEmpty | Self::KeyCharacter => "InvalidParameterValue.TagInvalidKey",
                Self::KeyTooLong => "InvalidParameterValue.TagInvalidKeyLen",
                Self::KeyReserved => "UnsupportedOperation.TagSystemReservedTagKey",
                Self::ValueTooLong | Self::ValueCharacter => "InvalidParameterValue.TagInvalidVal",
            },
        )
    }

    /// The error under the tag service's code.
    pub(super) fn in_tag(self, key: &str) -> ApiError {
        self.with_code(
            key,
            match self {
                Self::KeyEmpty => "InvalidParameterValue.TagKeyEmpty",
                Self::KeyTooLong => "InvalidParameterValue.TagKeyLengthExceeded",
                Self::KeyReserved => "InvalidParameter.ReservedTagKey",
                Self::KeyCharacter => "InvalidParameterValue.TagKeyCharacterIllegal",
                Self::ValueTooLong => "InvalidParameterValue.TagValueLengthExceeded",
                Self::ValueCharacter => "InvalidParameterValue.TagValueCharacterIllegal",
            },
        )
    }

    fn with_code(self, key: &str, code: &'static str) -> ApiError {
        let why = match self {
            Self::KeyEmpty => "its key is empty",
            Self::KeyTooLong => "its key is too long",
            Self::KeyReserved => "its key has a reserved prefix",
            Self::KeyCharacter => "its key has an illegal character",
            Self::ValueTooLong => "its value is too long",
            Self::ValueCharacter => "its value has an illegal character",
        };
        ApiError::new(code, format!("The tag `{key}` is invalid: {why}."))
    }
}
