//! What tells one object of a type from all others.
//!
//! ```
//! use tf_provider::{Identity, Model};
//!
//! /// Where a note is, and which.
//! #[derive(Model)]
//! struct NoteId {
//!     /// Board that the note is on; the provider's unless an import says otherwise.
//!     board: Option<String>,
//!     /// Identifier of the note.
//!     id: String,
//! }
//!
//! impl Identity for NoteId {}
//! ```
//!
//! An import block names an object by it: what is required there is a plain type, what may be left out is
//! an `Option`. A resource answers it from its state, see [`Resource::identity`](crate::Resource::identity),
//! and the layer does the rest: Terraform gets it with every read, plan, apply and import, but not before
//! all of it is known. It may change with an update in place.

use crate::{
    Field, Model, Result, Upgrade, Value,
    schema::{Attribute, AttributeType, Mode, Nesting, Object},
    value::{DecodeError, Type},
};

/// What tells one object of a type from all others: texts, numbers and flags, none of them secret.
///
/// It is stored beside the state and has a version of its own.
pub trait Identity: Model {
    /// Version of the identity's shape; each step comes with an entry in [`upgrades`](Self::upgrades).
    const VERSION: i64 = 0;

    /// Entry `v` turns an identity of version `v` into one of version `v + 1`.
    fn upgrades() -> Vec<Upgrade> {
        Vec::new()
    }
}

/// The [`Identity`] of a resource that is known by its import id alone.
///
/// It has no values, so `let Import::Id(id) = what;` needs no other arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoIdentity {}

impl Identity for NoIdentity {}

impl Model for NoIdentity {
    type Partial = ();

    fn object() -> Object {
        Object::default()
    }

    fn partial(_: &Value) -> Result<()> {
        Ok(())
    }

    fn merge((): &(), _: &mut Value) {}
}

impl Field for NoIdentity {
    type Inner = Self;

    fn kind() -> AttributeType {
        AttributeType::Nested(Nesting::Single, Self::object())
    }

    fn decode(_: Value) -> Result<Self, DecodeError> {
        Err(DecodeError::new("the resource has no identity"))
    }

    fn encode(&self) -> Value {
        match *self {}
    }
}

/// Every rule of identities that a schema breaks.
pub(crate) fn schema_errors(object: &Object) -> Vec<String> {
    let broken = |attribute: &Attribute| {
        let problem = if !matches!(attribute.mode, Mode::Required | Mode::Optional) {
            "an attribute of an identity must be required or optional"
        } else if attribute.sensitive || attribute.write_only {
            "an attribute of an identity cannot be sensitive or write-only"
        } else if !is_simple(&attribute.kind) {
            "an attribute of an identity must be a string, a number, a bool, or a list of these"
        } else {
            return None;
        };
        Some(format!("{}: {problem}", attribute.name))
    };
    object.schema_errors().into_iter().chain(object.attributes.iter().filter_map(broken)).collect()
}

fn is_simple(kind: &AttributeType) -> bool {
    let AttributeType::Plain(ty) = kind else { return false };
    let ty = if let Type::List(element) = ty { element } else { ty };
    matches!(ty, Type::String | Type::Number | Type::Bool)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Computed, WriteOnly};

    #[track_caller]
    fn check<F: Field>(expected: &[&str]) {
        let object = Object::new("Doc.", vec![Attribute::of::<F>("a", "Doc.")]);
        assert_eq!(schema_errors(&object), expected);
    }

    #[test]
    fn ok_simple_attributes() {
        check::<String>(&[]);
        check::<Option<u16>>(&[]);
        check::<Vec<bool>>(&[]);
        assert!(!schema_errors(&Object::new("", vec![])).is_empty());
    }

    #[test]
    fn err_attributes_that_identities_do_not_allow() {
        let mode = "a: an attribute of an identity must be required or optional";
        check::<Computed<String>>(&[mode]);
        check::<WriteOnly<String>>(&[
            "a: an attribute of an identity cannot be sensitive or write-only",
        ]);
        let simple =
            "a: an attribute of an identity must be a string, a number, a bool, or a list of these";
        check::<Vec<Vec<String>>>(&[simple]);
        check::<std::collections::BTreeMap<String, String>>(&[simple]);
        check::<NoIdentity>(&["a: the object has no description", simple]);
    }
}
