//! Any type and any value of it, for property tests.

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
};

use super::{Key, Number, Refinement, Type, Value, arrange_set};

/// Any type, nested a few levels deep.
pub(crate) fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        3 => Just(Type::String),
        2 => Just(Type::Number),
        1 => Just(Type::Bool),
        1 => Just(Type::Dynamic),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Set(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Map(Box::new(ty))),
            vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            btree_map("[a-z_]{1,3}", inner, 0..4).prop_map(Type::object),
        ]
    })
}

/// A value of that type. `unknowns` says whether any part of it may be unknown.
pub(crate) fn value_of(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::String => any::<String>().prop_map(Value::from).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => any_number().prop_map(Value::Number).boxed(),
        Type::List(ty) => vec(value_of(ty, unknowns), 0..4).prop_map(Value::List).boxed(),
        Type::Set(ty) => vec(value_of(ty, unknowns), 0..4)
            .prop_map(|mut elements| {
                arrange_set(&mut elements);
                Value::List(elements)
            })
            .boxed(),
        Type::Map(ty) => {
            vec((any::<String>(), value_of(ty, unknowns)), 0..4).prop_map(Value::map).boxed()
        }
        Type::Tuple(types) => types
            .iter()
            .map(|ty| value_of(ty, unknowns))
            .collect::<Vec<_>>()
            .prop_map(Value::List)
            .boxed(),
        Type::Object { attributes, .. } => {
            let names: Vec<Key> = attributes.keys().cloned().collect();
            let values: Vec<_> = attributes.values().map(|ty| value_of(ty, unknowns)).collect();
            values.prop_map(move |values| Value::map(names.iter().cloned().zip(values))).boxed()
        }
        Type::Dynamic => any_type()
            .prop_filter("a type that is sent along is complete", |ty| !ty.has_dynamic())
            .prop_flat_map(move |ty| {
                let value = value_of(&ty, unknowns);
                value.prop_map(move |value| Value::Dynamic(Box::new((ty.clone(), value))))
            })
            .boxed(),
    };
    let unknown = proptest::option::of(vec(any::<u8>(), 0..20)).prop_map(|known| {
        Value::Unknown(
            known.map_or_else(Refinement::default, |bytes| Refinement::from_bytes(&bytes)),
        )
    });
    if unknowns {
        prop_oneof![1 => Just(Value::Null), 1 => unknown, 8 => known].boxed()
    } else {
        prop_oneof![1 => Just(Value::Null), 8 => known].boxed()
    }
}

/// Any number, large and small ones with many digits among them.
pub(crate) fn any_number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        (-200_i64..200).prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        any::<f64>().prop_filter_map("finite", Number::from_exact_f64),
        "-?[0-9]{1,60}(\\.[0-9]{1,60})?".prop_map(|text| text.parse().unwrap()),
    ]
}
