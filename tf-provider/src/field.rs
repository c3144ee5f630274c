//! Rust types that can be attributes.
//!
//! | in Rust | in a configuration |
//! | --- | --- |
//! | `String`, `bool`, `u16` and the other integers, `f64`, [`Number`](crate::Number) | required |
//! | a struct with `#[derive(Model)]` | required, an object |
//! | `Vec<T>`, `BTreeSet<T>`, `BTreeMap<String, T>` | required, a list, set or map |
//! | [`Normalized<T>`] | required, a string with a meaning |
//! | [`Dynamic`] | required, a value of any type |
//! | `SecretString` | required and sensitive |
//! | `Option<T>` | optional; as an element, it may be null |
//! | [`Computed<T>`] | decided by the provider; with `#[tf(optional)]` the user may set it |
//! | [`WriteOnly<T>`] | passed on, never stored |
//! | [`Maybe<T>`] | a parameter of a function that may be null or unknown |

mod collections;
mod computed;
mod dynamic;
mod maybe;
mod normalized;
mod primitives;
mod write_only;

use std::borrow::Borrow;

pub use self::{
    computed::Computed, dynamic::Dynamic, maybe::Maybe, normalized::Normalized,
    write_only::WriteOnly,
};
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    path::Path,
    schema::{Attribute, AttributeType, Mode, SemanticEquality},
    value::{DecodeError, Value},
};

/// A Rust type that can be an attribute.
pub trait Field: Sized + Send + Sync + 'static {
    /// What is left when nothing has to be said about who sets it: `T` for `Option<T>`,
    /// [`Computed<T>`] and [`WriteOnly<T>`], else the type itself.
    type Inner: Field;
    /// Who sets it.
    const MODE: Mode = Mode::Required;
    /// Whether Terraform is to hide it.
    const SENSITIVE: bool = false;
    /// Whether it is kept out of plan and state.
    const WRITE_ONLY: bool = false;
    /// Whether a function wants to be called while it is unknown.
    const UNKNOWN: bool = false;
    /// Whether null can be an element of it.
    const NULL_ELEMENTS: bool = false;

    /// What it holds.
    fn kind() -> AttributeType;

    /// Reads it. Null is an error, unless the type has a place for it.
    fn decode(value: Value) -> Result<Self, DecodeError>;

    /// Writes it. What has been written can be read again.
    fn encode(&self) -> Value;

    /// Whether two values mean the same. By default they do when they are equal.
    fn semantic_equals(a: &Value, b: &Value) -> bool {
        a == b
    }

    /// Says what is wrong with the parts of a value that are known. By default a value can be
    /// checked when it is wholly known, and must then be readable.
    fn check(value: &Value, at: &Path, out: &mut Diagnostics) {
        if !value.is_null()
            && value.is_wholly_known()
            && let Err(error) = Self::decode(value.clone())
        {
            let at = error.path().steps().iter().cloned().fold(at.clone(), Path::step);
            out.push(Diagnostic::invalid(&at, error.message()));
        }
    }
}

impl Attribute {
    /// An attribute that a Rust type describes.
    ///
    /// ```
    /// use tf_provider::schema::{Attribute, Mode};
    ///
    /// let port = Attribute::of::<Option<u16>>("port", "The port to listen on.").requires_replace();
    /// assert_eq!(port.mode, Mode::Optional);
    /// ```
    pub fn of<F: Field>(name: impl Into<String>, doc: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            doc: doc.into(),
            kind: F::kind(),
            mode: F::MODE,
            write_only: F::WRITE_ONLY,
            unknown: F::UNKNOWN,
            null_elements: F::NULL_ELEMENTS,
            sensitive: F::SENSITIVE,
            requires_replace: false,
            unknown_on_update: false,
            default: None,
            validators: Vec::new(),
            semantic_equals: SemanticEquality::new(F::semantic_equals),
            deprecated: None,
            check_parts: F::check,
        }
    }

    /// Two values for which this holds mean the same. The spelling that the user chose stays.
    #[must_use]
    pub fn semantic_equals<T, B>(self, same: fn(&B, &B) -> bool) -> Self
    where
        T: Field + Borrow<B>,
        B: ?Sized + 'static,
    {
        let semantic_equals =
            SemanticEquality::new(move |a, b| semantic_equals_by::<T, B>(same, a, b));
        Self { semantic_equals, ..self }
    }
}

/// Compares what two values mean in Rust, where both can be read.
pub(crate) fn semantic_equals_by<T, B>(same: fn(&B, &B) -> bool, a: &Value, b: &Value) -> bool
where
    T: Field + Borrow<B>,
    B: ?Sized,
{
    a == b
        || match (read::<T>(a), read::<T>(b)) {
            (Some(a), Some(b)) => same(a.borrow(), b.borrow()),
            _ => false,
        }
}

/// The value in Rust, if there is one and all of it is known.
pub(crate) fn read<T: Field>(value: &Value) -> Option<T> {
    if value.is_null() || !value.is_wholly_known() { None } else { T::decode(value.clone()).ok() }
}
