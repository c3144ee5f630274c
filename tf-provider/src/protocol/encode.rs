//! From values to the wire.

use super::generated::tfplugin6 as wire;
use crate::{
    Diagnostic, Diagnostics, Path, Severity, Value,
    diagnostics::Until,
    lifecycle::{
        Declaration,
        function::{Callable, Parameter},
    },
    path::Step,
    schema::{Attribute, AttributeType, Mode, Nesting, Object},
    value::{Type, msgpack},
};

/// A value, with every attribute that its type has.
pub(super) fn value(value: &Value, ty: &Type) -> wire::DynamicValue {
    wire::DynamicValue { msgpack: msgpack::encode(value, ty), json: Vec::new() }
}

/// A schema, its attributes in alphabetical order.
pub(super) fn schema(object: &Object, version: i64) -> wire::Schema {
    let block = wire::schema::Block {
        version,
        attributes: attributes(object),
        description: object.doc.clone(),
        description_kind: wire::StringKind::Markdown.into(),
        deprecated: object.deprecated.is_some(),
        deprecation_message: object.deprecated.clone().unwrap_or_default(),
        ..Default::default()
    };
    wire::Schema { version, block: Some(block) }
}

/// The schema of what is only ever configured.
pub(super) fn configured_schema(object: &Object) -> wire::Schema {
    schema(&object.clone().configured(), 0)
}

/// What an identity consists of.
pub(super) fn identity_schema(object: &Object, version: i64) -> wire::ResourceIdentitySchema {
    use wire::resource_identity_schema::IdentityAttribute;
    let attributes = object.attributes.iter().map(|attribute| IdentityAttribute {
        name: attribute.name.clone(),
        r#type: attribute.ty().to_json().into_bytes(),
        required_for_import: attribute.mode == Mode::Required,
        optional_for_import: attribute.mode == Mode::Optional,
        description: attribute.doc.clone(),
    });
    wire::ResourceIdentitySchema { version, identity_attributes: attributes.collect() }
}

/// The identity of an object of this resource. What is absent is not known.
pub(super) fn identity(
    identity: Option<&Value>,
    resource: &Declaration,
) -> Option<wire::ResourceIdentityData> {
    let ty = &resource.identity.as_ref()?.ty;
    Some(wire::ResourceIdentityData { identity_data: Some(value(identity?, ty)) })
}

fn attributes(object: &Object) -> Vec<wire::schema::Attribute> {
    let mut attributes: Vec<_> = object.attributes.iter().map(attribute).collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    attributes
}

fn attribute(attribute: &Attribute) -> wire::schema::Attribute {
    let (r#type, nested_type) = match &attribute.kind {
        AttributeType::Nested(nesting, object) => (Vec::new(), Some(nested(*nesting, object))),
        AttributeType::Plain(_) | AttributeType::Flat(..) => {
            (attribute.ty().to_json().into_bytes(), None)
        }
    };
    wire::schema::Attribute {
        name: attribute.name.clone(),
        r#type,
        nested_type,
        description: attribute.doc.clone(),
        description_kind: wire::StringKind::Markdown.into(),
        required: attribute.mode == Mode::Required,
        optional: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
        computed: attribute.is_computed(),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecated.is_some(),
        deprecation_message: attribute.deprecated.clone().unwrap_or_default(),
    }
}

fn nested(nesting: Nesting, object: &Object) -> wire::schema::Object {
    use wire::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    wire::schema::Object {
        attributes: attributes(object),
        nesting: nesting.into(),
        ..Default::default()
    }
}

/// A function. The first paragraph of what is said about it sums it up.
pub(super) fn function(function: &Callable) -> wire::Function {
    let doc = &function.declaration.object.doc;
    let first = doc.split("\n\n").next().unwrap_or_default();
    wire::Function {
        parameters: function.signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: function.signature.variadic.as_ref().map(parameter),
        r#return: Some(wire::function::Return {
            r#type: function.signature.output.to_json().into_bytes(),
        }),
        summary: first.replace('\n', " "),
        description: doc.clone(),
        description_kind: wire::StringKind::Markdown.into(),
        deprecation_message: function.declaration.object.deprecated.clone().unwrap_or_default(),
    }
}

fn parameter(parameter: &Parameter) -> wire::function::Parameter {
    wire::function::Parameter {
        name: parameter.name.clone(),
        r#type: parameter.ty.to_json().into_bytes(),
        allow_null_value: parameter.null,
        allow_unknown_values: parameter.unknown,
        description: parameter.doc.clone(),
        description_kind: wire::StringKind::Markdown.into(),
    }
}

/// Messages for the user.
pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<wire::Diagnostic> {
    let message = |diagnostic: Diagnostic| wire::Diagnostic {
        severity: match diagnostic.severity {
            Severity::Error => wire::diagnostic::Severity::Error.into(),
            Severity::Warning => wire::diagnostic::Severity::Warning.into(),
        },
        summary: diagnostic.headline(),
        detail: diagnostic.full_detail(),
        attribute: diagnostic.path.filter(|path| !path.is_root()).map(|at| path(&shown(&at))),
    };
    diagnostics.into_iter().map(message).collect()
}

/// What core waits for before it asks again.
pub(super) fn deferred(until: Until) -> wire::Deferred {
    use wire::deferred::Reason;
    let reason = match until {
        Until::ConfigKnown => Reason::ResourceConfigUnknown,
        Until::ProviderConfigKnown => Reason::ProviderConfigUnknown,
        Until::Prerequisite => Reason::AbsentPrereq,
    };
    wire::Deferred { reason: reason.into() }
}

/// A way to an attribute.
pub(super) fn path(path: &Path) -> wire::AttributePath {
    use wire::attribute_path::{Step as WireStep, step::Selector};
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        WireStep { selector: Some(selector) }
    });
    wire::AttributePath { steps: steps.collect() }
}

/// Terraform looks for nested attributes in blocks, of which there are none here, and shows another line or
/// none at all. So the way ends at the outermost attribute, or at an element of it.
fn shown(at: &Path) -> Path {
    let mut steps = at.steps().iter();
    let is_further = |step: &&Step| !matches!(step, Step::Attribute(_));
    steps.next().into_iter().chain(steps.take_while(is_further)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{wire::attribute_path::step::Selector, *};
    use crate::{Model, testkit::All};

    #[test]
    fn attributes_are_in_alphabetical_order_and_say_who_sets_them() {
        let block = schema(&All::object(), 3).block.unwrap();
        let lines: Vec<_> = block
            .attributes
            .iter()
            .map(|a| {
                let flags = [
                    (a.required, "required"),
                    (a.optional, "optional"),
                    (a.computed, "computed"),
                    (a.sensitive, "sensitive"),
                    (a.write_only, "write-only"),
                ];
                let flags: Vec<_> = flags.iter().filter(|(is, _)| *is).map(|(_, w)| *w).collect();
                let nested = a.nested_type.as_ref().map(|o| format!("{:?}", o.nesting()));
                let ty = nested.unwrap_or_else(|| String::from_utf8(a.r#type.clone()).unwrap());
                format!("{}: {} {ty}", a.name, flags.join(" "))
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        any: optional "dynamic"
        flat: optional ["list",["object",{"name":"string","port":"number"},["port"]]]
        id: computed "string"
        labels: optional ["map","string"]
        list: optional List
        map: optional Map
        name: required "string"
        note: optional "string"
        on: optional "bool"
        path: optional ["list","string"]
        port: optional computed "number"
        protocol: optional computed "string"
        revision: computed "number"
        secret: optional write-only "string"
        set: optional Set
        single: optional Single
        token: optional sensitive "string"
        words: optional ["set","string"]
        "#);
        assert!(block.attributes.iter().all(|a| !a.description.is_empty()));
        assert_eq!((block.version, block.block_types), (3, vec![]));
    }

    #[test]
    fn a_path_has_every_kind_of_step() {
        let at = Path::from("rules").index(1).attribute("tags").key("a");
        let steps: Vec<_> = path(&at).steps.into_iter().filter_map(|step| step.selector).collect();
        assert_eq!(
            steps,
            [
                Selector::AttributeName("rules".to_owned()),
                Selector::ElementKeyInt(1),
                Selector::AttributeName("tags".to_owned()),
                Selector::ElementKeyString("a".to_owned()),
            ]
        );
    }

    #[test]
    fn a_message_about_the_whole_has_no_path() {
        let mut all = Diagnostics::from(Diagnostic::error("a").detail("b").at("c"));
        all.push(Diagnostic::warning("d"));
        all.push(Diagnostic::warning("e").at(Path::root()));
        let sent = diagnostics(all);
        let sent: Vec<_> = sent
            .iter()
            .map(|d| (d.severity, d.summary.as_str(), d.detail.as_str(), d.attribute.is_some()))
            .collect();
        assert_eq!(sent, [(1, "A", "B.", true), (2, "D", "", false), (2, "E", "", false)]);
    }

    #[test]
    fn a_message_is_shown_where_terraform_can_point_at() {
        for (at, expected) in [
            (Path::from("a"), "a"),
            (Path::from("a.b"), "a"),
            (Path::from("a").index(1), "a[1]"),
            (Path::from("a").key("k").index(1).attribute("b").index(2), "a[\"k\"][1]"),
        ] {
            assert_eq!(shown(&at).to_string(), expected);
        }
    }
}
