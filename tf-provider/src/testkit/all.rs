//! Everything that a plan can meet, and any configuration of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::{
    Computed, Cx, Dynamic, Import, Model, NoIdentity, Normalized, Resource, Result, Value,
    WriteOnly,
    schema::{AttributeType, Mode, Nesting, Object},
    value::{Type, arrange_set},
};

/// Everything that a plan can meet.
#[derive(Model, Clone, Debug)]
pub(crate) struct All {
    /// Required.
    #[tf(requires_replace)]
    name: Normalized<Word>,
    /// Optional.
    note: Option<String>,
    /// With a default.
    #[tf(default = "tcp")]
    protocol: Normalized<Word>,
    /// Set by the service.
    id: Computed<String>,
    /// Changed by any update.
    #[tf(unknown_on_update)]
    revision: Computed<i64>,
    /// Set by the user or the service.
    #[tf(optional)]
    port: Computed<i64>,
    /// Never stored.
    secret: Option<WriteOnly<String>>,
    /// Hidden.
    #[tf(sensitive)]
    token: Option<String>,
    /// One object.
    single: Option<Part>,
    /// Objects in order.
    list: Option<Vec<Part>>,
    /// Objects under keys.
    map: Option<BTreeMap<String, Part>>,
    /// Objects without order.
    set: Option<BTreeSet<Element>>,
    /// Objects as a plain type.
    #[tf(plain)]
    flat: Option<Vec<Element>>,
    /// Texts without order.
    words: Option<BTreeSet<Normalized<Word>>>,
    /// Texts under keys.
    labels: Option<BTreeMap<String, Normalized<Word>>>,
    /// Texts in order.
    path: Option<Vec<Normalized<Word>>>,
    /// A flag.
    on: Option<bool>,
    /// Of any type.
    any: Option<Dynamic>,
}

/// A part.
#[derive(Model, Clone, Debug)]
pub(crate) struct Part {
    /// Required.
    name: Normalized<Word>,
    /// Cannot change.
    #[tf(requires_replace)]
    zone: Option<String>,
    /// With a default.
    #[tf(default = 443)]
    port: i64,
    /// Set by the service.
    id: Computed<String>,
    /// Changed by any update.
    #[tf(unknown_on_update)]
    revision: Computed<i64>,
    /// Never stored.
    secret: Option<WriteOnly<String>>,
}

/// An element of a set.
#[derive(Model, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Element {
    /// Required.
    name: Normalized<Word>,
    /// Optional.
    port: Option<i64>,
}

/// Upper and lower case mean the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word(String);

impl std::str::FromStr for Word {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_lowercase()))
    }
}

impl Resource for All {
    const NAME: &'static str = "all";
    type Client = ();
    type Identity = NoIdentity;

    async fn create(self, _: &Cx<()>) -> Result<Self> {
        Ok(self)
    }

    async fn read(self, _: &Cx<()>) -> Result<Option<Self>> {
        Ok(Some(self))
    }

    async fn update(self, _: Self, _: &Cx<()>) -> Result<Self> {
        Ok(self)
    }

    async fn delete(self, _: &Cx<()>) -> Result<()> {
        Ok(())
    }

    async fn import(_: Import<NoIdentity>, _: &Cx<()>) -> Result<Option<Self>> {
        Ok(None)
    }
}

/// What a generated configuration may not know.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unknown {
    Nothing,
    /// Attributes, but no part of a collection or set.
    Attributes,
    Anything,
}

/// Any configuration of [`All`].
pub(crate) fn any_config(unknown: Unknown) -> BoxedStrategy<Value> {
    any_object(&All::object(), unknown)
}

/// The same configuration when everything is known.
pub(crate) fn resolved(object: &Object, config: &Value) -> Value {
    let Value::Map(_) = config else { return config.clone() };
    Value::map(object.attributes.iter().map(|attribute| {
        let value = match (&attribute.kind, config.get(&attribute.name)) {
            (AttributeType::Plain(Type::Number), Value::Unknown(_)) => Value::from(1),
            (AttributeType::Plain(Type::Bool), Value::Unknown(_)) => Value::from(true),
            (AttributeType::Plain(Type::String), Value::Unknown(_)) => Value::from("a"),
            (AttributeType::Plain(Type::Dynamic), value) if !value.is_known() => {
                typed(Type::String, "a")
            }
            (AttributeType::Plain(Type::Map(_)), Value::Unknown(_)) => Value::map::<&str>([]),
            (AttributeType::Plain(_) | AttributeType::Flat(..), Value::Unknown(_)) => {
                Value::list([])
            }
            (AttributeType::Nested(..), Value::Unknown(_)) => Value::Null,
            (AttributeType::Nested(Nesting::Single, object), value) => resolved(object, value),
            (AttributeType::Nested(_, object), Value::List(elements)) => {
                Value::list(elements.iter().map(|element| resolved(object, element)))
            }
            (AttributeType::Nested(_, object), Value::Map(entries)) => {
                Value::map(entries.iter().map(|(key, entry)| (key, resolved(object, entry))))
            }
            (_, value) => value.clone(),
        };
        (attribute.name.as_str(), value)
    }))
}

fn any_object(object: &Object, unknown: Unknown) -> BoxedStrategy<Value> {
    let attributes: Vec<_> = object
        .attributes
        .iter()
        .map(|attribute| {
            let name = attribute.name.clone();
            let inside = match attribute.kind {
                AttributeType::Nested(Nesting::Single | Nesting::List | Nesting::Map, _) => unknown,
                _ if unknown == Unknown::Anything => unknown,
                _ => Unknown::Nothing,
            };
            let set = match attribute.kind.objects() {
                Some((nesting, object)) => any_nested(nesting, &any_object(object, inside)),
                None => any_plain(&attribute.ty(), inside),
            };
            let set = if unknown == Unknown::Nothing {
                set
            } else {
                prop_oneof![4 => set, 1 => Just(Value::unknown())].boxed()
            };
            let value = match attribute.mode {
                Mode::Required => set,
                Mode::Computed => Just(Value::Null).boxed(),
                _ => prop_oneof![set, Just(Value::Null)].boxed(),
            };
            value.prop_map(move |value| (name.clone(), value))
        })
        .collect();
    attributes.prop_map(Value::map).boxed()
}

fn any_nested(nesting: Nesting, object: &BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    match nesting {
        Nesting::Single => object.clone(),
        Nesting::List => any_list(object),
        Nesting::Set => any_set(object),
        Nesting::Map => any_map(object),
    }
}

fn any_plain(ty: &Type, unknown: Unknown) -> BoxedStrategy<Value> {
    let element = |ty: &Type| {
        let known = any_plain(ty, unknown);
        if unknown == Unknown::Nothing {
            known
        } else {
            prop_oneof![9 => known, 1 => Just(Value::unknown())].boxed()
        }
    };
    match ty {
        Type::Number => (0..3_i64).prop_map(Value::from).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Type::List(ty) => any_list(&element(ty)),
        Type::Set(ty) => any_set(&element(ty)),
        Type::Map(ty) => any_map(&element(ty)),
        Type::Dynamic => any_dynamic(unknown),
        _ => prop_oneof!["a", "A", "b", "B"].prop_map(Value::from).boxed(),
    }
}

fn any_dynamic(unknown: Unknown) -> BoxedStrategy<Value> {
    let words = || Value::list(["a".into()]);
    let known = prop_oneof![
        Just(typed(Type::String, "a")),
        Just(typed(Type::Bool, true)),
        Just(typed(Type::String, Value::Null)),
        Just(typed(Type::Bool, Value::Null)),
        Just(typed(Type::List(Box::new(Type::String)), words())),
        Just(typed(Type::Tuple(vec![Type::String]), words())),
    ];
    if unknown == Unknown::Nothing {
        known.boxed()
    } else {
        prop_oneof![4 => known, 1 => Just(typed(Type::String, Value::unknown()))].boxed()
    }
}

fn typed(ty: Type, value: impl Into<Value>) -> Value {
    Value::Dynamic(Box::new((ty, value.into())))
}

fn any_list(element: &BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    proptest::collection::vec(element.clone(), 0..4).prop_map(Value::list).boxed()
}

fn any_set(element: &BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    proptest::collection::vec(element.clone(), 0..4)
        .prop_map(|mut elements| {
            arrange_set(&mut elements);
            Value::list(elements)
        })
        .boxed()
}

fn any_map(element: &BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    proptest::collection::btree_map("[kl]", element.clone(), 0..3).prop_map(Value::map).boxed()
}

/// A service's answer to a plan: what was unknown is known.
pub(crate) fn answer(object: &Object, planned: &Value) -> Value {
    let Value::Map(_) = planned else { return planned.clone() };
    Value::map(object.attributes.iter().map(|attribute| {
        let planned = planned.get(&attribute.name);
        let answer = match (&attribute.kind, planned) {
            (AttributeType::Plain(Type::Number), Value::Unknown(_)) => Value::from(7),
            (AttributeType::Plain(_), Value::Unknown(_)) => Value::from("answer"),
            (AttributeType::Nested(Nesting::Single, object), planned) => answer(object, planned),
            (AttributeType::Nested(_, object), Value::List(elements)) => {
                Value::list(elements.iter().map(|element| answer(object, element)))
            }
            (AttributeType::Nested(_, object), Value::Map(entries)) => {
                Value::map(entries.iter().map(|(key, entry)| (key, answer(object, entry))))
            }
            (_, planned) => planned.clone(),
        };
        (attribute.name.as_str(), answer)
    }))
}
