//! Structs that are schemas.

use crate::{diagnostics::Result, field::Field, schema::Object, value::Value};

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
///     #[tf(requires_replace)]
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
/// | `requires_replace` | a change replaces the whole object |
/// | `unknown_on_update` | an update may change this computed attribute |
/// | `optional` | the user may set this computed attribute |
/// | `sensitive` | Terraform hides the value |
/// | `default = 443` | the value where the configuration sets none |
/// | `validate = length(1..=60)` | see [`validate`](crate::validate); may be repeated |
/// | `semantic_equals = str::eq_ignore_ascii_case` | tells whether two values mean the same |
/// | `plain` | objects declared as a plain type: see [`AttributeType::Flat`](crate::schema::AttributeType::Flat) |
/// | `deprecated = "use `name`"` | warns those who still set it |
///
/// What does not fit together does not compile:
///
/// ```compile_fail
/// # use tf_provider::{Computed, Model};
/// /// An attribute without documentation.
/// #[derive(Model)]
/// struct Thing {
///     id: Computed<String>,
/// }
/// ```
///
/// ```compile_fail
/// # use tf_provider::Model;
/// /// Only a computed attribute can be unknown_on_update.
/// #[derive(Model)]
/// struct Thing {
///     /// A name.
///     #[tf(unknown_on_update)]
///     name: String,
/// }
/// ```
///
/// ```compile_fail
/// # use tf_provider::Model;
/// /// What has a default is never null, so an `Option` would only be in the way.
/// #[derive(Model)]
/// struct Thing {
///     /// A port.
///     #[tf(default = 443)]
///     port: Option<u16>,
/// }
/// ```
///
/// ```compile_fail
/// # use tf_provider::{Model, validate::range};
/// /// A range is for numbers.
/// #[derive(Model)]
/// struct Thing {
///     /// A name.
///     #[tf(validate = range(1..=9))]
///     name: String,
/// }
/// ```
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

    /// The struct of an object of which only some attributes are known, as an import needs it.
    ///
    /// What is null in `known` has its default, is unknown if the provider computes it, and is null
    /// otherwise. An attribute that is added to the struct later needs no mention here. Required
    /// attributes must be known; else this is an error.
    ///
    /// ```
    /// use tf_provider::{Computed, Model, Partial};
    ///
    /// /// A named thing.
    /// #[derive(Model)]
    /// struct Thing {
    ///     /// Identifier assigned by the service.
    ///     id: Computed<String>,
    ///     /// Name shown in the console.
    ///     name: String,
    ///     /// The port that it listens on.
    ///     #[tf(default = 443)]
    ///     port: u16,
    ///     /// Its color.
    ///     color: Option<String>,
    /// }
    ///
    /// let known = Partial::<Thing> { name: "web".to_owned().into(), ..Default::default() };
    /// let thing = Thing::with_defaults(&known)?;
    /// assert_eq!((thing.port, thing.color, thing.id.get().is_err()), (443, None, true));
    /// # Ok::<(), tf_provider::Diagnostics>(())
    /// ```
    fn with_defaults(known: &Self::Partial) -> Result<Self> {
        let mut value = Value::Null;
        Self::merge(known, &mut value);
        let Value::Map(mut attributes) = value else { return Ok(Self::decode(value)?) };
        for attribute in Self::object().attributes {
            if attributes.get(&attribute.name).is_some_and(|value| !value.is_null()) {
                continue;
            }
            if let Some(default) = attribute.default {
                attributes.insert(attribute.name, default);
            } else if attribute.is_computed() {
                attributes.insert(attribute.name, Value::unknown());
            }
        }
        Ok(Self::decode(Value::Map(attributes))?)
    }
}

/// A model while not all of it is known: a configuration before apply, or a plan.
///
/// Every field is a [`Maybe`](crate::Maybe) of what the attribute holds when it is set.
pub type Partial<M> = <M as Model>::Partial;

/// What the derive calls besides the schema.
#[doc(hidden)]
pub mod derived {
    use std::borrow::Borrow;

    use crate::{
        diagnostics::Diagnostics,
        field::{Field, Maybe},
        value::{DecodeError, Map, Value},
    };

    pub fn object<const N: usize>(attributes: [(&str, Value); N]) -> Value {
        Value::Map(attributes.into_iter().collect())
    }

    pub fn attributes(value: Value) -> Result<Map<Value>, DecodeError> {
        match value {
            Value::Map(attributes) => Ok(attributes),
            other => Err(DecodeError::expected("an object", &other)),
        }
    }

    pub fn take<F: Field>(attributes: &mut Map<Value>, name: &str) -> Result<F, DecodeError> {
        let value = attributes.get_mut(name).map(std::mem::take).unwrap_or_default();
        F::decode(value).map_err(|error| error.in_attribute(name))
    }

    /// A state from before the attribute existed lacks it.
    pub fn take_or<F: Field>(
        attributes: &mut Map<Value>,
        name: &str,
        default: impl FnOnce() -> Value,
    ) -> Result<F, DecodeError> {
        let value = attributes.get_mut(name).map(std::mem::take).filter(|value| !value.is_null());
        F::decode(value.unwrap_or_else(default)).map_err(|error| error.in_attribute(name))
    }

    pub fn maybe<F: Field>(value: &Value, name: &str, out: &mut Diagnostics) -> Maybe<F> {
        Maybe::decode(value.get(name)).unwrap_or_else(|error| {
            out.push(error.in_attribute(name));
            Maybe::Unknown
        })
    }

    pub fn semantic_equals_by<F, B>(same: fn(&B, &B) -> bool, a: &Value, b: &Value) -> bool
    where
        F: Field<Inner: Borrow<B>>,
        B: ?Sized,
    {
        crate::field::semantic_equals_by::<F::Inner, B>(same, a, b)
    }

    pub fn merge<F: Field>(partial: &Maybe<F>, over: &mut Value, name: &str) {
        if !matches!(over, Value::Map(_)) {
            *over = Value::Map(Map::new());
        }
        if let Value::Map(attributes) = over {
            match attributes.get_mut(name) {
                Some(over) => partial.merge(over),
                None => {
                    attributes.insert(name, partial.encode());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        net::IpAddr,
    };

    use proptest::prelude::*;
    use secrecy::SecretString;
    use tf_provider_derive::Model;

    use super::*;
    use crate::{
        field::{Computed, Maybe, Normalized, WriteOnly},
        path::Path,
        schema::{AttributeType, Mode, Nesting},
        value::{Number, arbitrary::value_of, msgpack},
    };

    /// Every kind of attribute.
    ///
    /// With a second paragraph.
    #[derive(Model)]
    struct Thing {
        /// Assigned by the service.
        id: Computed<String>,
        /// A name.
        #[tf(requires_replace, semantic_equals = str::eq_ignore_ascii_case)]
        name: String,
        /// A port.
        #[tf(default = 443)]
        port: u16,
        /// A word.
        #[tf(default = "all")]
        word: Normalized<IpAddrOrAll>,
        /// A region.
        #[tf(optional, requires_replace, deprecated = "regions are gone")]
        region: Computed<String>,
        /// A counter.
        #[tf(unknown_on_update)]
        revision: Computed<u64>,
        /// Any number.
        #[tf(sensitive)]
        number: Option<Number>,
        /// A secret.
        secret: Option<WriteOnly<SecretString>>,
        /// Tags.
        tags: BTreeMap<String, String>,
        /// One part.
        part: Option<Part>,
        /// Parts in order.
        #[tf(plain)]
        parts: Option<Vec<Part>>,
        /// Parts without order.
        part_set: Option<BTreeSet<Part>>,
        /// Parts that the service adds.
        found: Computed<Vec<Part>>,
        /// A name that Rust keeps for itself.
        r#type: Option<bool>,
    }

    /// A part.
    #[derive(Model, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Part {
        /// An address.
        peer: Normalized<IpAddr>,
        /// A flag.
        on: Option<bool>,
    }

    #[derive(Debug, PartialEq)]
    enum IpAddrOrAll {
        All,
        One(IpAddr),
    }

    impl std::str::FromStr for IpAddrOrAll {
        type Err = std::net::AddrParseError;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            if text == "all" { Ok(Self::All) } else { text.parse().map(Self::One) }
        }
    }

    fn part(peer: &str) -> Value {
        Value::map([("peer", peer.into()), ("on", Value::Null)])
    }

    fn thing() -> Value {
        let nulls = ["revision", "number", "secret", "part", "part_set", "found", "type", "region"];
        let mut thing = Value::map(nulls.map(|name| (name, Value::Null)));
        for (name, value) in [
            ("id", "sg-1".into()),
            ("name", "web".into()),
            ("port", 80.into()),
            ("word", "::0:1".into()),
            ("tags", Value::map([("team", "net".into())])),
            ("parts", Value::list([part("::1"), part("10.0.0.1")])),
        ] {
            set(&mut thing, name, value);
        }
        thing
    }

    fn set(value: &mut Value, name: &str, to: Value) {
        let Value::Map(attributes) = value else { unreachable!() };
        attributes.insert(name, to);
    }

    #[test]
    fn schema_follows_the_struct() {
        let object = Thing::object();
        assert_eq!(object.doc, "Every kind of attribute.\n\nWith a second paragraph.");
        assert!(object.schema_errors().is_empty(), "{:?}", object.schema_errors());
        let modes: Vec<_> =
            object.attributes.iter().map(|one| (one.name.as_str(), one.mode)).collect();
        assert_eq!(
            modes[..5],
            [
                ("id", Mode::Computed),
                ("name", Mode::Required),
                ("port", Mode::OptionalComputed),
                ("word", Mode::OptionalComputed),
                ("region", Mode::OptionalComputed),
            ]
        );
        let of = |name| object.attribute(name).unwrap();
        assert!(
            of("name").requires_replace
                && of("region").requires_replace
                && !of("id").requires_replace
        );
        assert!(of("revision").unknown_on_update && of("number").sensitive);
        assert!(of("secret").write_only && of("secret").sensitive);
        assert_eq!(of("port").default, Some(443.into()));
        assert_eq!(of("word").default, Some("all".into()));
        assert_eq!(of("region").deprecated.as_deref(), Some("regions are gone"));
        assert_eq!(of("type").doc, "A name that Rust keeps for itself.");
        assert!(matches!(of("part").kind, AttributeType::Nested(Nesting::Single, _)));
        assert!(matches!(of("parts").kind, AttributeType::Flat(Nesting::List, _)));
        assert!(matches!(of("part_set").kind, AttributeType::Nested(Nesting::Set, _)));
        let (_, found) = of("found").kind.objects().unwrap();
        assert!(found.attributes.iter().all(|one| one.mode == Mode::Computed));
    }

    #[test]
    fn encoding_undoes_decoding() {
        assert_eq!(Thing::decode(thing()).unwrap().encode(), thing());
        let mut planned = thing();
        set(&mut planned, "id", Value::unknown());
        set(&mut planned, "found", Value::list([part("::1"), Value::unknown()]));
        let read = Thing::decode(planned).unwrap();
        assert_eq!(read.encode().get("found"), &Value::unknown());
        assert!(read.id.get().is_err());
    }

    #[test]
    fn a_state_without_a_later_default_can_be_read() {
        let mut old = thing();
        set(&mut old, "port", Value::Null);
        assert_eq!(Thing::decode(old).unwrap().port, 443);
    }

    #[test]
    fn error_of_reading_names_the_place() {
        let mut bad = thing();
        set(&mut bad, "parts", Value::list([part("::1"), part("junk")]));
        let error = Thing::decode(bad).err().unwrap();
        assert_eq!(error.to_string(), "parts[1].peer: invalid IP address syntax");
        let error = Thing::decode(Value::Null).err().unwrap();
        assert_eq!(error.to_string(), "an object is required, not null");
    }

    #[test]
    fn a_partial_knows_what_is_known() {
        let mut config = thing();
        set(&mut config, "name", Value::unknown());
        set(&mut config, "parts", Value::list([part("::1"), Value::unknown()]));
        let mut partial = Thing::partial(&config).unwrap();
        assert_eq!(partial.port, Maybe::Known(80));
        assert_eq!(partial.name, Maybe::Unknown);
        assert_eq!(partial.parts, Maybe::Unknown);
        assert_eq!(partial.part, Maybe::Null);
        assert_eq!(partial.id, Maybe::Known("sg-1".to_owned()));

        partial.id = Maybe::Known("sg-2".to_owned());
        let mut merged = config.clone();
        Thing::merge(&partial, &mut merged);
        assert_eq!(merged.get("id"), &"sg-2".into());
        set(&mut merged, "id", "sg-1".into());
        assert_eq!(merged, config);
        assert!(Thing::partial(&Value::Null).unwrap().name.is_null());
    }

    #[test]
    fn model_with_defaults_needs_required_attributes_alone() {
        let known = Partial::<Part> { peer: Maybe::Null, on: true.into() };
        assert_eq!(
            Part::with_defaults(&known).err().unwrap().to_string(),
            "peer: invalid value of `peer`"
        );
        let known = Partial::<Thing> {
            name: "web".to_owned().into(),
            tags: BTreeMap::new().into(),
            region: "r".to_owned().into(),
            ..Default::default()
        };
        let thing = Thing::with_defaults(&known).ok().unwrap().encode();
        let expected = [
            ("name", "web".into()),
            ("port", 443.into()),
            ("word", "all".into()),
            ("region", "r".into()),
        ];
        for (name, value) in expected {
            assert_eq!(thing.get(name), &value);
        }
        for name in ["id", "revision", "found"] {
            assert_eq!(thing.get(name), &Value::unknown(), "{name}");
        }
        for name in ["number", "secret", "part", "parts", "type"] {
            assert_eq!(thing.get(name), &Value::Null, "{name}");
        }
    }

    #[test]
    fn partial_value_reports_every_place() {
        let mut config = thing();
        set(&mut config, "port", 1_000_000.into());
        set(&mut config, "word", "junk".into());
        let errors = Thing::partial(&config).err().unwrap();
        let paths: Vec<_> = errors.into_iter().map(|error| error.path.unwrap()).collect();
        assert_eq!(paths, ["port".into(), Path::from("word")]);
    }

    #[test]
    fn semantic_equality_follows_attributes() {
        let (a, mut b) = (thing(), thing());
        assert!(Thing::semantic_equals(&a, &b));
        set(&mut b, "name", "WEB".into());
        set(&mut b, "word", "::1".into());
        set(&mut b, "parts", Value::list([part("0::1"), part("10.0.0.1")]));
        assert!(Thing::semantic_equals(&a, &b));
        set(&mut b, "parts", Value::list([part("10.0.0.1"), part("::1")]));
        assert!(!Thing::semantic_equals(&a, &b));
        set(&mut b, "parts", Value::Null);
        assert!(!Thing::semantic_equals(&a, &b));
    }

    #[test]
    fn semantic_equality_of_sets_ignores_order() {
        let same = BTreeSet::<Part>::semantic_equals;
        let set = |parts: &[&str]| Value::list(parts.iter().map(|peer| part(peer)));
        assert!(same(&set(&["::1", "::2"]), &set(&["::2", "0::1"])));
        assert!(same(&set(&["::1", "0::1"]), &set(&["::1"])));
        assert!(!same(&set(&["::1"]), &set(&["::1", "::2"])));
        assert!(!same(&set(&["::1"]), &Value::unknown()));
        assert!(same(&Value::unknown(), &Value::unknown()));
    }

    /// What holds any value of its type.
    #[derive(Model)]
    struct Wide {
        /// Text.
        text: Option<String>,
        /// A flag.
        flag: Option<bool>,
        /// A number.
        number: Option<Number>,
        /// A list in which elements may be null.
        list: Option<Vec<Option<String>>>,
        /// A set.
        set: Option<BTreeSet<Option<String>>>,
        /// A map of lists.
        map: Option<BTreeMap<String, Option<Vec<Option<bool>>>>>,
        /// An object.
        single: Option<Leaf>,
        /// Objects in order.
        objects: Option<Vec<Leaf>>,
        /// Objects without order.
        object_set: Option<BTreeSet<Leaf>>,
        /// Objects by name.
        object_map: Option<BTreeMap<String, Leaf>>,
        /// Objects as a whole.
        #[tf(plain)]
        flat: Option<Vec<Leaf>>,
        /// Set by the service.
        computed: Computed<Vec<Option<String>>>,
    }

    /// An object.
    #[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
    struct Leaf {
        /// Text.
        text: Option<String>,
        /// A number.
        number: Option<Number>,
    }

    /// An element that is an object is always there.
    fn without_null_objects(value: Value) -> Value {
        let Value::Map(attributes) = value else { return value };
        Value::map(attributes.into_iter().map(|(name, value)| {
            let keep =
                |value: &Value| !value.is_null() || !name.starts_with("object") && *name != *"flat";
            let value = match value {
                Value::List(elements) => Value::list(elements.into_iter().filter(keep)),
                Value::Map(entries) if *name == *"object_map" => {
                    Value::map(entries.into_iter().filter(|(_, value)| keep(value)))
                }
                other => other,
            };
            (name, value)
        }))
    }

    fn wide(unknowns: bool) -> impl Strategy<Value = Value> {
        value_of(&Wide::object().ty(), unknowns)
            .prop_filter("an object", |value| matches!(value, Value::Map(_)))
            .prop_map(without_null_objects)
    }

    proptest! {
        #[test]
        fn encoding_undoes_decoding_of_any_value(value in wide(false)) {
            prop_assert_eq!(Wide::decode(value.clone()).unwrap().encode(), value);
        }

        #[test]
        fn merging_an_unchanged_partial_changes_nothing(value in wide(true)) {
            let mut merged = value.clone();
            Wide::merge(&Wide::partial(&value).unwrap(), &mut merged);
            let ty = Wide::object().ty();
            prop_assert_eq!(msgpack::encode(&merged, &ty), msgpack::encode(&value, &ty));
        }

        #[test]
        fn every_value_means_the_same_as_itself(value in wide(true)) {
            prop_assert!(Wide::semantic_equals(&value, &value));
        }
    }

    /// Nothing.
    #[derive(Model)]
    struct Empty {}

    #[test]
    fn a_model_may_be_empty() {
        assert_eq!(Empty::decode(Value::map::<&str>([])).unwrap().encode(), Value::map::<&str>([]));
        assert!(Empty::partial(&Value::Null).is_ok());
    }
}
