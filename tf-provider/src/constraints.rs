//! Rules that span several attributes of a configuration.

use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    path::{Path, Step},
    schema::Object,
    value::Value,
};

/// A rule about which attributes go together.
///
/// An unknown value may turn out to be null or not, so it neither fulfils nor breaks a rule.
#[derive(Clone, Debug)]
pub struct Constraint {
    rule: Rule,
    paths: Vec<Path>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    ExactlyOne,
    AtLeastOne,
    AtMostOne,
    /// The first needs all others.
    Required,
    /// The first goes with none of the others.
    Conflict,
}

/// One of these attributes is set, and no more. Attributes of nested objects are named as in
/// `kubernetes.host`.
pub fn exactly_one_of(names: &[&str]) -> Constraint {
    Constraint::new(Rule::ExactlyOne, names)
}

/// One or more of these attributes are set.
pub fn at_least_one_of(names: &[&str]) -> Constraint {
    Constraint::new(Rule::AtLeastOne, names)
}

/// No two of these attributes are set.
pub fn at_most_one_of(names: &[&str]) -> Constraint {
    Constraint::new(Rule::AtMostOne, names)
}

/// Where the one attribute is set, none of the others is.
pub fn conflicts_with(name: &str, others: &[&str]) -> Constraint {
    Constraint::new(Rule::Conflict, &[&[name], others].concat())
}

/// Where the one attribute is set, all others are.
pub fn required_with(name: &str, others: &[&str]) -> Constraint {
    Constraint::new(Rule::Required, &[&[name], others].concat())
}

impl Constraint {
    fn new(rule: Rule, names: &[&str]) -> Self {
        Self { rule, paths: names.iter().map(|name| Path::from(*name)).collect() }
    }

    /// Says what is wrong, as far as it is known.
    pub fn check(&self, config: &Value) -> Diagnostics {
        let is_set = |path: &&Path| {
            let value = config.at(path);
            value.is_known() && !value.is_null()
        };
        let is_null = |path: &&Path| config.at(path).is_null();
        let set: Vec<&Path> = self.paths.iter().filter(is_set).collect();
        let none = self.paths.iter().all(|path| is_null(&path));
        let mut out = Diagnostics::new();
        match (self.rule, self.paths.split_first()) {
            (Rule::ExactlyOne | Rule::AtLeastOne, _) if none => {
                let which = if self.rule == Rule::ExactlyOne { "exactly" } else { "at least" };
                out.push(
                    Diagnostic::error(format!("{which} one of {} is required", list(&self.paths)))
                        .detail("None of them is set."),
                );
            }
            (Rule::ExactlyOne | Rule::AtMostOne, _) => {
                for path in set.iter().skip(1) {
                    out.push(conflict(path, &set, "Only one of them may be set."));
                }
            }
            (Rule::Conflict, Some((first, others))) if is_set(&first) => {
                for other in others.iter().filter(is_set) {
                    out.push(conflict(first, &[first, other], "They exclude each other."));
                }
            }
            (Rule::Required, Some((first, others))) if is_set(&first) => {
                for other in others.iter().filter(is_null) {
                    out.push(
                        Diagnostic::error(format!("`{first}` requires `{other}`"))
                            .detail(format!("Set `{other}` as well, or leave out `{first}`."))
                            .at(first.clone()),
                    );
                }
            }
            _ => {}
        }
        out
    }

    /// The rule in a sentence without its full stop, for the documentation.
    pub fn doc(&self) -> String {
        let all = list(&self.paths);
        match (self.rule, self.paths.split_first()) {
            (Rule::ExactlyOne, _) => format!("exactly one of {all} is required"),
            (Rule::AtLeastOne, _) => format!("at least one of {all} is required"),
            (Rule::AtMostOne, _) => format!("at most one of {all} may be set"),
            (Rule::Required, Some((first, others))) => {
                format!("`{first}` requires {}", list(others))
            }
            (Rule::Conflict, Some((first, others))) => {
                format!("`{first}` does not go together with {}", list(others))
            }
            (Rule::Required | Rule::Conflict, None) => String::new(),
        }
    }

    /// Sets all but one of the attributes that exclude each other to null.
    pub(crate) fn choose(&self, config: &mut Value) {
        let set = |path: &&Path| !config.at(path).is_null();
        let surplus: Vec<_> = match (self.rule, self.paths.split_first()) {
            (Rule::ExactlyOne | Rule::AtMostOne, _) => {
                self.paths.iter().filter(set).skip(1).collect()
            }
            (Rule::Conflict, Some((first, others))) if set(&first) => others.iter().collect(),
            _ => Vec::new(),
        };
        for path in surplus {
            clear(config, path.steps());
        }
    }

    /// The attributes that this rule names and the schema does not have.
    pub fn schema_errors(&self, schema: &Object) -> Vec<String> {
        let missing = self.paths.iter().filter(|path| !leads(schema, path.steps()));
        missing
            .map(|path| format!("a constraint names `{path}`, which is not an attribute"))
            .collect()
    }
}

fn leads(object: &Object, steps: &[Step]) -> bool {
    match steps {
        [Step::Attribute(name), rest @ ..] => object.attribute(name).is_some_and(|attribute| {
            rest.is_empty()
                || attribute.kind.objects().is_some_and(|(_, object)| leads(object, rest))
        }),
        _ => false,
    }
}

/// Sets what a path of attributes leads to to null.
fn clear(value: &mut Value, steps: &[Step]) {
    match (value, steps) {
        (value, []) => *value = Value::Null,
        (Value::Map(attributes), [Step::Attribute(name), rest @ ..]) => {
            if let Some(value) = attributes.get_mut(name) {
                clear(value, rest);
            }
        }
        _ => {}
    }
}

fn conflict(at: &Path, set: &[&Path], detail: &str) -> Diagnostic {
    Diagnostic::error(format!("{} cannot be set together", list(set.iter().copied())))
        .detail(detail)
        .at(at.clone())
}

fn list<'a>(paths: impl IntoIterator<Item = &'a Path>) -> String {
    let names: Vec<String> = paths.into_iter().map(|path| format!("`{path}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Attribute;

    /// `x` is set, `?` unknown, `-` null; one for each of `a`, `b` and `c`.
    #[track_caller]
    fn check(rule: &Constraint, config: &str, expected: &[&str]) {
        let value = |sign| match sign {
            'x' => Value::from("x"),
            '?' => Value::unknown(),
            _ => Value::Null,
        };
        let config = Value::map(["a", "b", "c"].into_iter().zip(config.chars().map(value)));
        let found: Vec<_> = rule.check(&config).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{config:?}");
    }

    const ALL: &[&str] = &["a", "b", "c"];

    #[track_caller]
    fn check_choice(rule: &Constraint, config: &str, expected: &str) {
        let value = |sign| if sign == 'x' { Value::from("x") } else { Value::Null };
        let of =
            |signs: &str| Value::map(["a", "b", "c"].into_iter().zip(signs.chars().map(value)));
        let mut chosen = of(config);
        rule.choose(&mut chosen);
        assert_eq!(chosen, of(expected));
    }

    #[test]
    fn one_of_conflicting_attributes_is_chosen() {
        for rule in [exactly_one_of(ALL), at_most_one_of(ALL)] {
            check_choice(&rule, "xxx", "x--");
            check_choice(&rule, "-xx", "-x-");
            check_choice(&rule, "--x", "--x");
        }
        check_choice(&conflicts_with("b", &["a", "c"]), "xxx", "-x-");
        check_choice(&conflicts_with("b", &["a", "c"]), "x-x", "x-x");
        check_choice(&required_with("a", &["b"]), "xxx", "xxx");
        let nested = Value::map([("a", Value::map([("b", "x".into())])), ("c", "x".into())]);
        let mut chosen = nested.clone();
        exactly_one_of(&["c", "a.b"]).choose(&mut chosen);
        assert_eq!(chosen.at(&"a.b".into()), &Value::Null);
        assert_eq!(chosen.get("c"), nested.get("c"));
    }

    #[test]
    fn exactly_one_is_refused_for_none_and_for_two() {
        let rule = exactly_one_of(ALL);
        check(&rule, "x--", &[]);
        check(&rule, "---", &["exactly one of `a`, `b` and `c` is required"]);
        check(&rule, "?--", &[]);
        check(&rule, "x?-", &[]);
        check(&rule, "x-x", &["c: `a` and `c` cannot be set together"]);
        check(&rule, "xx?", &["b: `a` and `b` cannot be set together"]);
    }

    #[test]
    fn at_least_one_is_refused_for_none() {
        let rule = at_least_one_of(ALL);
        check(&rule, "xxx", &[]);
        check(&rule, "--?", &[]);
        check(&rule, "---", &["at least one of `a`, `b` and `c` is required"]);
    }

    #[test]
    fn at_most_one_is_refused_for_two() {
        let rule = at_most_one_of(ALL);
        check(&rule, "---", &[]);
        check(&rule, "-x?", &[]);
        let all = "`a`, `b` and `c` cannot be set together";
        check(&rule, "xxx", &[&format!("b: {all}"), &format!("c: {all}")]);
    }

    #[test]
    fn conflicting_attributes_are_refused_together() {
        let rule = conflicts_with("a", &["b", "c"]);
        check(&rule, "-xx", &[]);
        check(&rule, "?xx", &[]);
        check(&rule, "x?-", &[]);
        check(&rule, "x-x", &["a: `a` and `c` cannot be set together"]);
    }

    #[test]
    fn required_attributes_are_refused_when_missing() {
        let rule = required_with("a", &["b", "c"]);
        check(&rule, "-x-", &[]);
        check(&rule, "?--", &[]);
        check(&rule, "x?x", &[]);
        check(&rule, "xx-", &["a: `a` requires `c`"]);
    }

    #[test]
    fn nested_attributes_have_dotted_names() {
        let rule = exactly_one_of(&["a.b", "c"]);
        let config = |inner| Value::map([("a", Value::map([("b", inner)]))]);
        assert!(rule.check(&config("x".into())).is_empty());
        assert!(rule.check(&Value::map([("a", Value::unknown())])).is_empty());
        assert!(rule.check(&config(Value::Null)).has_errors());
    }

    #[test]
    fn constraint_on_unknown_attribute_is_a_schema_error() {
        let schema = Object::new("Doc.", vec![Attribute::of::<Option<bool>>("a", "Doc.")]);
        assert_eq!(
            exactly_one_of(&["a", "b", "a.b"]).schema_errors(&schema),
            [
                "a constraint names `b`, which is not an attribute",
                "a constraint names `a.b`, which is not an attribute",
            ],
        );
    }
}
