//! Structs that are schemas.

use crate::diagnostics::Result;
use crate::field::Field;
use crate::schema::Object;
use crate::value::Value;

/// A struct that is the schema of a resource, a data source, a provider, or of an object inside
/// one of them. Made by `#[derive(Model)]`.
///
/// ```
/// use tf_provider::{Computed, Model};
///
/// /// A named thing.
/// #[derive(Model)]
/// struct Thing {
///     /// Identifier assigned by the service.
///     id: Computed<String>,
///     /// Name shown in the console.
///     #[tf(replace)]
///     name: String,
///     /// The port that it listens on.
///     #[tf(default = 443)]
///     port: u16,
/// }
/// assert_eq!(Thing::object().attributes.len(), 3);
/// ```
///
/// The doc comments are the documentation in the registry, so none may be missing. What the type
/// of a field cannot say stands in `#[tf(…)]` before it:
///
/// | flag | meaning |
/// | --- | --- |
/// | `replace` | a change replaces the whole object |
/// | `volatile` | an update may change this computed attribute |
/// | `optional` | the user may set this computed attribute |
/// | `sensitive` | Terraform hides the value |
/// | `default = 443` | the value where the configuration sets none |
/// | `validate = length(1..=60)` | see [`validate`](crate::validate); may be repeated |
/// | `same = equal_ids` | a `fn(&T, &T) -> bool` that tells whether two values mean the same |
/// | `plain` | objects declared as a plain type: see [`Kind::Flat`](crate::schema::Kind::Flat) |
/// | `deprecated = "use `name`"` | warns those who still set it |
///
/// The derive also makes a struct `ThingPartial` of the same fields, each a
/// [`Maybe`](crate::Maybe): see [`Partial`].
pub trait Model: Field {
    /// The same struct while not all of it is known. By default all of it is null.
    type Partial: Default + Send + Sync + 'static;

    /// Its schema.
    fn object() -> Object;

    /// What is known of a value. Each attribute that does not fit its type is one error.
    fn partial(value: &Value) -> Result<Self::Partial>;

    /// Writes a partial struct over the value that it was read from.
    fn merge(partial: &Self::Partial, over: &mut Value);
}

/// A model while not all of it is known: a configuration before apply, or a plan.
///
/// Every field is a [`Maybe`](crate::Maybe) of what the attribute holds when it is set.
pub type Partial<M> = <M as Model>::Partial;

/// What the derive calls besides the schema.
#[doc(hidden)]
pub mod derived {
    use std::collections::BTreeMap;

    use crate::diagnostics::Diagnostics;
    use crate::field::{Field, Maybe};
    use crate::value::{DecodeError, Value};

    pub fn attributes(value: Value) -> Result<BTreeMap<String, Value>, DecodeError> {
        match value {
            Value::Map(attributes) => Ok(attributes),
            other => Err(DecodeError::expected("an object", &other)),
        }
    }

    pub fn take<F: Field>(
        attributes: &mut BTreeMap<String, Value>,
        name: &str,
    ) -> Result<F, DecodeError> {
        let value = attributes.remove(name).unwrap_or_default();
        F::decode(value).map_err(|error| error.in_attribute(name))
    }

    /// A state from before the attribute existed lacks it.
    pub fn take_or<F: Field>(
        attributes: &mut BTreeMap<String, Value>,
        name: &str,
        default: impl FnOnce() -> Value,
    ) -> Result<F, DecodeError> {
        let value = attributes.remove(name).filter(|value| !value.is_null());
        F::decode(value.unwrap_or_else(default)).map_err(|error| error.in_attribute(name))
    }

    pub fn maybe<F: Field>(value: &Value, name: &str, out: &mut Diagnostics) -> Maybe<F> {
        Maybe::decode(value.get(name)).unwrap_or_else(|error| {
            out.push(error.in_attribute(name));
            Maybe::Unknown
        })
    }

    pub fn same_by<T: Field>(same: fn(&T, &T) -> bool, a: &Value, b: &Value) -> bool {
        crate::field::same_by(same, a, b)
    }

    pub fn merge<F: Field>(partial: &Maybe<F>, over: &mut Value, name: &str) {
        if !matches!(over, Value::Map(_)) {
            *over = Value::Map(BTreeMap::new());
        }
        if let Value::Map(attributes) = over {
            partial.merge(attributes.entry(name.to_owned()).or_default());
        }
    }
}
