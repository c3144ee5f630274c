//! The attributes of a page: who sets them, what they hold, and what they must fulfil.

use crate::lifecycle::Declared;
use crate::resource::DefaultTimeouts;
use crate::schema::{Attribute, Mode, Nesting, Object, Type};
use crate::timeouts::Span;
use crate::value::Value;

/// The section `Schema` of a page.
pub(super) fn section(declared: &Declared) -> String {
    let mut parts = vec!["## Schema".to_owned()];
    parts.extend(declared.constraints.iter().map(|rule| format!("{}.", capital(&rule.doc()))));
    let page = Attributes { timeouts: &declared.timeouts };
    page.object(&declared.object, &[], &mut parts);
    parts.join("\n\n")
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
    timeouts: &'a DefaultTimeouts,
}

impl Attributes<'_> {
    /// Lists the attributes of an object, then each object below it.
    fn object(&self, object: &Object, path: &[&str], parts: &mut Vec<String>) {
        for title in GROUPS {
            let attributes = object.attributes.iter().filter(|one| group(one) == title);
            let lines: Vec<_> = attributes.map(|one| self.line(one, path)).collect();
            if !lines.is_empty() {
                let title =
                    if path.is_empty() { format!("### {title}") } else { format!("{title}:") };
                parts.push(title);
                parts.push(lines.join("\n"));
            }
        }
        for attribute in &object.attributes {
            if let Some((_, nested)) = attribute.kind.objects() {
                let path = [path, &[attribute.name.as_str()]].concat();
                parts.push(format!(
                    "<a id=\"{}\"></a>\n### Nested Schema for `{}`",
                    anchor(&path),
                    path.join(".")
                ));
                self.object(nested, &path, parts);
            }
        }
    }

    /// `- `name` (String) What it means. Default: `"a"`.`
    fn line(&self, attribute: &Attribute, path: &[&str]) -> String {
        let Attribute { name, doc, .. } = attribute;
        let notes = self.notes(attribute, path).join(" ");
        // Notes on the last of several paragraphs would seem to belong to it alone.
        let gap = match (notes.is_empty(), doc.contains("\n\n")) {
            (true, _) => "",
            (false, true) => "\n\n",
            (false, false) => " ",
        };
        let text = format!("{doc}{gap}{notes}").replace('\n', "\n  ").replace("\n  \n", "\n\n");
        format!("- `{name}` ({}) {text}", traits(attribute).join(", "))
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
        if attribute.replace {
            notes.push("Changing this replaces the object.".to_owned());
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
    fn timeout(&self, name: &str, path: &[&str]) -> Option<Span> {
        let default = match (path, name) {
            (["timeouts"], "create") => self.timeouts.create,
            (["timeouts"], "read") => self.timeouts.read,
            (["timeouts"], "update") => self.timeouts.update,
            (["timeouts"], "delete") => self.timeouts.delete,
            _ => return None,
        };
        Some(default.into())
    }
}

/// What stands in brackets behind a name.
fn traits(attribute: &Attribute) -> Vec<String> {
    let holds = match attribute.kind.objects() {
        None => words(&attribute.ty()),
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
pub(super) fn words(ty: &Type) -> String {
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

/// The same sentence with a capital letter first.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
