//! The attributes of a page: who sets them, what they hold, and what they must fulfil.

use tf_provider::{
    DefaultTimeouts, Value,
    describe::{Description, Parameter, Signature},
    schema::{Attribute, Mode, Nesting, Object},
    timeouts::GoDuration,
    value::Type,
};

use super::{capital, unwrapped};

/// The section `Schema` of a page, or the sections of a function.
pub(super) fn section(one: &Description) -> String {
    let mut parts = Vec::new();
    if let Some(signature) = &one.signature {
        function(one, signature, &mut parts);
    } else {
        parts.push("## Schema".to_owned());
        let rules = one.constraints.iter();
        parts.extend(rules.map(|rule| format!("{}.", capital(&rule.doc()))));
        let page = Attributes { timeouts: Some(&one.timeouts) };
        page.object(&one.object, &[], &mut parts);
    }
    parts.join("\n\n")
}

/// The attributes of an identity, below the ways to import by it.
pub(super) fn identity(object: &Object) -> String {
    let mut parts = vec!["### Identity Schema".to_owned(), unwrapped(&object.doc)];
    Attributes { timeouts: None }.object(object, &["identity"], &mut parts);
    parts.join("\n\n")
}

/// The sections `Signature` and `Arguments`.
fn function(one: &Description, signature: &Signature, parts: &mut Vec<String>) {
    let each = |one: &Parameter| format!("{} {}", one.name, brief(&one.ty));
    let parameters = signature.parameters.iter().map(each);
    let further = signature.variadic.iter().map(|one| format!("{}...", each(one)));
    let line = format!(
        "{}({}) {}",
        one.name,
        parameters.chain(further).collect::<Vec<_>>().join(", "),
        signature.output
    );
    parts.extend(["## Signature".to_owned(), format!("```text\n{line}\n```")]);

    let page = Attributes { timeouts: None };
    let all = signature.parameters.iter().map(|one| (one, false));
    let all = all.chain(signature.variadic.iter().map(|one| (one, true)));
    let arguments = all.zip(&one.object.attributes).enumerate();
    let lines = arguments.map(|(n, ((parameter, variadic), attribute))| {
        let mut traits = traits(attribute, &parameter.ty);
        traits.extend(parameter.null.then(|| "Nullable".to_owned()));
        traits.extend(variadic.then(|| "Variadic".to_owned()));
        page.line(&format!("{}.", n + 1), &traits, attribute, &[])
    });
    let lines: Vec<_> = lines.collect();
    if !lines.is_empty() {
        parts.push("## Arguments".to_owned());
        parts.push(lines.join("\n"));
    }
    page.nested(&one.object, &[], parts);
}

/// Who sets an attribute, in the order of the page.
const GROUPS: [&str; 3] = ["Required", "Optional", "Read-Only"];

fn group(attribute: &Attribute) -> &'static str {
    match attribute.mode {
        Mode::Required => "Required",
        Mode::Optional | Mode::OptionalComputed => "Optional",
        Mode::Computed => "Read-Only",
    }
}

/// What the attributes of one page share.
struct Attributes<'a> {
    timeouts: Option<&'a DefaultTimeouts>,
}

impl Attributes<'_> {
    /// Lists the attributes of an object, then each object below it.
    fn object(&self, object: &Object, path: &[&str], parts: &mut Vec<String>) {
        for title in GROUPS {
            let attributes = object.attributes.iter().filter(|one| group(one) == title);
            let lines: Vec<_> =
                attributes.map(|one| self.line("-", &traits(one, &one.ty()), one, path)).collect();
            if !lines.is_empty() {
                let title =
                    if path.is_empty() { format!("### {title}") } else { format!("{title}:") };
                parts.push(title);
                parts.push(lines.join("\n"));
            }
        }
        self.nested(object, path, parts);
    }

    /// Each object below another, under a title of its own.
    fn nested(&self, object: &Object, path: &[&str], parts: &mut Vec<String>) {
        for attribute in &object.attributes {
            if let Some((_, nested)) = attribute.kind.objects() {
                let path = [path, &[attribute.name.as_str()]].concat();
                parts.push(format!(
                    "<a id=\"{}\"></a>\n### Nested Schema for `{}`",
                    anchor(&path),
                    path.join(".")
                ));
                parts.push(unwrapped(&nested.doc));
                self.object(nested, &path, parts);
            }
        }
    }

    /// `- `name` (String) What it means. Default: `"a"`.`
    fn line(&self, mark: &str, traits: &[String], attribute: &Attribute, path: &[&str]) -> String {
        let (name, doc) = (&attribute.name, unwrapped(&attribute.doc));
        let notes = self.notes(attribute, path).join(" ");
        // Notes on the last of several paragraphs would seem to belong to it alone.
        let gap = match (notes.is_empty(), doc.contains("\n\n")) {
            (true, _) => "",
            (false, true) => "\n\n",
            (false, false) => " ",
        };
        let indent = format!("\n{:1$}", "", mark.len() + 1);
        let text = format!("{doc}{gap}{notes}").replace('\n', &indent);
        let text = text.replace(&format!("{indent}\n"), "\n\n");
        format!("{mark} `{name}` ({}) {text}", traits.join(", "))
    }

    /// What is declared besides the description, each a sentence.
    fn notes(&self, attribute: &Attribute, path: &[&str]) -> Vec<String> {
        let mut notes: Vec<_> = attribute
            .validators
            .iter()
            .filter_map(|rule| Some(format!("{}.", capital(rule.doc.as_deref()?))))
            .collect();
        if let Some(default) = &attribute.default {
            notes.push(format!("Default: `{}`.", hcl(default)));
        } else if let Some(default) = self.timeout(&attribute.name, path) {
            notes.push(format!("Default: `{default}`."));
        }
        if attribute.requires_replace {
            notes.push("Changing this replaces the resource.".to_owned());
        }
        if let Some(instead) = &attribute.deprecated {
            notes.push(format!("**Deprecated:** {}.", instead.trim_end_matches('.')));
        }
        if attribute.kind.objects().is_some() {
            let anchor = anchor(&[path, &[attribute.name.as_str()]].concat());
            notes.push(format!("(see [below for nested schema](#{anchor}))"));
        }
        notes
    }

    /// The time that an operation has when the user sets none.
    fn timeout(&self, name: &str, path: &[&str]) -> Option<GoDuration> {
        let timeouts = self.timeouts?;
        let default = match (path, name) {
            (["timeouts"], "create") => timeouts.create,
            (["timeouts"], "read") => timeouts.read,
            (["timeouts"], "update") => timeouts.update,
            (["timeouts"], "delete") => timeouts.delete,
            _ => return None,
        };
        Some(default.into())
    }
}

/// What stands in brackets behind a name.
fn traits(attribute: &Attribute, ty: &Type) -> Vec<String> {
    let holds = match attribute.kind.objects() {
        None => words(ty),
        Some((Nesting::Single, _)) => "Attributes".to_owned(),
        Some((Nesting::List, _)) => "Attributes List".to_owned(),
        Some((Nesting::Set, _)) => "Attributes Set".to_owned(),
        Some((Nesting::Map, _)) => "Attributes Map".to_owned(),
    };
    let flags = [
        (attribute.sensitive, "Sensitive"),
        (attribute.write_only, WRITE_ONLY),
        (attribute.deprecated.is_some(), "Deprecated"),
    ];
    let flags = flags.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name.to_owned());
    std::iter::once(holds).chain(flags).collect()
}

const WRITE_ONLY: &str = "[Write-only](https://developer.hashicorp.com/terraform/language/\
                          resources/ephemeral#write-only-arguments)";

/// A type as registries write it: `List of String`.
fn words(ty: &Type) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", words(element)),
        Type::Set(element) => format!("Set of {}", words(element)),
        Type::Map(element) => format!("Map of {}", words(element)),
        Type::Object { .. } => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

/// A type as the signature of a function has it. What an object holds stands below.
fn brief(ty: &Type) -> String {
    match ty {
        Type::List(element) => format!("list({})", brief(element)),
        Type::Set(element) => format!("set({})", brief(element)),
        Type::Map(element) => format!("map({})", brief(element)),
        Type::Object { .. } => "object".to_owned(),
        other => other.to_string(),
    }
}

/// A value as a configuration writes it.
fn hcl(value: &Value) -> String {
    let join = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Null | Value::Unknown(_) => "null".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(elements) => format!("[{}]", join(elements.iter().map(hcl).collect())),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key} = {}", hcl(value)));
            format!("{{ {} }}", join(entries.collect()))
        }
        Value::Dynamic(inner) => hcl(&inner.1),
    }
}

/// The name that other registries' pages give such a place too.
fn anchor(path: &[&str]) -> String {
    format!("nestedatt--{}", path.join("--"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use tf_provider::{
        Computed, Model, Timeouts, WriteOnly,
        constraints::{at_least_one_of, conflicts_with, required_with},
        describe::Kind,
        validate::{keys, length, one_of, range},
    };

    use super::*;

    fn described(object: Object) -> Description {
        Description {
            kind: Kind::Resource,
            name: "note",
            full_name: "sample_note".to_owned(),
            object,
            constraints: Vec::new(),
            identity: None,
            timeouts: DefaultTimeouts::default(),
            signature: None,
        }
    }

    /// A note on the board.
    #[derive(Model)]
    struct Note {
        /// Identifier of the note.
        id: Computed<String>,
        /// What it says,
        /// in short.
        #[tf(validate = length(1..=60), requires_replace)]
        text: String,
        /// Who may read it.
        #[tf(default = "everybody", validate = one_of(["everybody", "owner"]))]
        audience: String,
        /// Texts beside it.
        ///
        /// Any number of them.
        #[tf(validate = keys(length(..=1)))]
        labels: Option<BTreeMap<String, Vec<i64>>>,
        /// Never stored.
        secret: Option<WriteOnly<String>>,
        /// What it was called.
        #[tf(sensitive, deprecated = "use `text`")]
        title: Option<String>,
        /// What is pinned to it.
        #[tf(plain)]
        pins: Option<Vec<Pin>>,
        /// How long to wait.
        timeouts: Option<Timeouts>,
    }

    /// Holds a note.
    #[derive(Model)]
    struct Pin {
        /// How deep it is, in millimetres.
        #[tf(default = 3, validate = range(1..))]
        depth: u8,
    }

    #[test]
    fn a_schema_says_all_that_is_declared() {
        let described = Description {
            constraints: vec![
                at_least_one_of(&["text", "title"]),
                conflicts_with("labels", &["title", "pins"]),
                required_with("secret", &["text"]),
            ],
            timeouts: DefaultTimeouts {
                delete: Duration::from_secs(90),
                ..DefaultTimeouts::default()
            },
            ..described(Note::object())
        };
        insta::assert_snapshot!(section(&described), @r##"
        ## Schema

        At least one of `text` and `title` is required.

        `labels` does not go together with `title` and `pins`.

        `secret` requires `text`.

        ### Required

        - `text` (String) What it says, in short. 1 to 60 characters. Changing this replaces the resource.

        ### Optional

        - `audience` (String) Who may read it. One of `everybody`, `owner`. Default: `"everybody"`.
        - `labels` (Map of List of Number) Texts beside it.

          Any number of them.

          Each key: at most 1 character.
        - `secret` (String, [Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)) Never stored.
        - `title` (String, Sensitive, Deprecated) What it was called. **Deprecated:** use `text`.
        - `pins` (Attributes List) What is pinned to it. (see [below for nested schema](#nestedatt--pins))
        - `timeouts` (Attributes) How long to wait. (see [below for nested schema](#nestedatt--timeouts))

        ### Read-Only

        - `id` (String) Identifier of the note.

        <a id="nestedatt--pins"></a>
        ### Nested Schema for `pins`

        Holds a note.

        Optional:

        - `depth` (Number) How deep it is, in millimetres. At least 1. Default: `3`.

        <a id="nestedatt--timeouts"></a>
        ### Nested Schema for `timeouts`

        How long each operation may take before it is given up.

        Optional:

        - `create` (String) Time to create the object, such as `5m` or `1h30m`. Default: `20m`.
        - `read` (String) Time to read the object. Default: `20m`.
        - `update` (String) Time to update the object. Default: `20m`.
        - `delete` (String) Time to delete the object. Default: `1m30s`.
        "##);
    }

    /// Joins words.
    #[derive(Model)]
    struct Join {
        /// What stands between two words.
        #[tf(validate = length(..=3))]
        separator: String,
        /// Who says them.
        who: Option<Pin>,
        /// The words; null is none.
        words: Vec<Option<String>>,
    }

    #[test]
    fn a_function_has_a_signature_and_arguments() {
        let parameter = |name: &str, ty, null| Parameter {
            name: name.to_owned(),
            doc: String::new(),
            ty,
            null,
            unknown: false,
        };
        let pin = Type::object([("depth", Type::Number)]);
        let signature = Signature {
            parameters: vec![
                parameter("separator", Type::String, false),
                parameter("who", pin, true),
            ],
            variadic: Some(parameter("words", Type::String, true)),
            output: Type::String,
        };
        let join =
            Description { name: "join", signature: Some(signature), ..described(Join::object()) };
        insta::assert_snapshot!(section(&join), @r#"
        ## Signature

        ```text
        join(separator string, who object, words string...) string
        ```

        ## Arguments

        1. `separator` (String) What stands between two words. At most 3 characters.
        2. `who` (Attributes, Nullable) Who says them. (see [below for nested schema](#nestedatt--who))
        3. `words` (String, Nullable, Variadic) The words; null is none.

        <a id="nestedatt--who"></a>
        ### Nested Schema for `who`

        Holds a note.

        Optional:

        - `depth` (Number) How deep it is, in millimetres. At least 1. Default: `3`.
        "#);
    }

    /// Which note.
    #[derive(Model)]
    struct NoteId {
        /// Identifier of the note.
        id: String,
        /// The board that it is on.
        board: Option<String>,
    }

    #[test]
    fn an_identity_says_what_an_import_has_to_name() {
        let made = identity(&NoteId::object());
        insta::assert_snapshot!(made, @r"
        ### Identity Schema

        Which note.

        Required:

        - `id` (String) Identifier of the note.

        Optional:

        - `board` (String) The board that it is on.
        ");
    }

    #[test]
    fn values_are_written_as_in_a_configuration() {
        let value = Value::map([("a", Value::list([1.into(), true.into()])), ("b", Value::Null)]);
        assert_eq!(hcl(&value), "{ a = [1, true], b = null }");
        assert_eq!(hcl(&"a \"b\"".into()), r#""a \"b\"""#);
    }
}
