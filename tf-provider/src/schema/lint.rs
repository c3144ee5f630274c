//! What is wrong with a schema: to be found by a provider's own unit test, not by its users.
//! Terraform does not check the schemas of providers; it breaks on them later.

use std::collections::BTreeSet;

use super::{Attribute, AttributeType, Mode, Nesting, Object};
use crate::{
    diagnostics::Diagnostics,
    path::{Path, Step},
    value::Type,
};

/// Names that mean something else in every resource block.
const RESERVED: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

impl Object {
    /// Every rule of Terraform, and of this crate, that the schema breaks.
    ///
    /// ```
    /// use tf_provider::schema::{Attribute, Object};
    ///
    /// let schema = Object::new("A thing.", vec![Attribute::of::<String>("count", "How many.")]);
    /// assert_eq!(schema.schema_errors(), ["count: this name is reserved"]);
    /// ```
    pub fn schema_errors(&self) -> Vec<String> {
        let mut found = Findings(Vec::new());
        for attribute in &self.attributes {
            if RESERVED.contains(&attribute.name.as_str()) {
                found.at(&Path::root().attribute(&attribute.name), "this name is reserved");
            }
        }
        found.0.extend(self.schema_errors_inside());
        found.0
    }

    /// The same where no name is reserved, because nothing stands beside the attributes.
    pub(crate) fn schema_errors_inside(&self) -> Vec<String> {
        let mut found = Findings(Vec::new());
        found.object(self, &Path::root(), Enclosing::default());
        found.0
    }

    /// Where, at whatever depth, an attribute is so. What is inside of it counts as part of it.
    pub(crate) fn places(&self, is: fn(&Attribute) -> bool) -> Vec<Path> {
        self.places_below(&Path::root(), is)
    }

    fn places_below(&self, path: &Path, is: fn(&Attribute) -> bool) -> Vec<Path> {
        let places = self.attributes.iter().flat_map(|attribute| {
            let path = path.clone().attribute(&attribute.name);
            match attribute.kind.objects() {
                _ if is(attribute) => vec![path],
                Some((_, object)) => object.places_below(&path, is),
                None => Vec::new(),
            }
        });
        places.collect()
    }
}

/// What an attribute is inside of.
#[derive(Clone, Copy, Default)]
struct Enclosing {
    /// A set that a configuration can set.
    set: bool,
    /// A collection of whatever sort.
    collection: bool,
    /// A value that is planned as a whole.
    flat: bool,
}

struct Findings(Vec<String>);

impl Findings {
    fn at(&mut self, path: &Path, problem: &str) {
        self.0.push(if path.is_root() { problem.to_owned() } else { format!("{path}: {problem}") });
    }

    fn object(&mut self, object: &Object, path: &Path, enclosing: Enclosing) {
        if object.doc.trim().is_empty() {
            self.at(path, "the object has no description");
        }
        let mut names = BTreeSet::new();
        for attribute in &object.attributes {
            let path = path.clone().step(Step::Attribute(attribute.name.clone()));
            if !names.insert(&attribute.name) {
                self.at(&path, "the attribute is declared twice");
            }
            self.attribute(attribute, &path, enclosing);
        }
    }

    fn attribute(&mut self, attribute: &Attribute, path: &Path, enclosing: Enclosing) {
        if !is_name(&attribute.name) {
            self.at(path, "a name must start with a lowercase letter and contain only lowercase letters, digits and `_`");
        }
        if attribute.doc.trim().is_empty() {
            self.at(path, "the attribute has no description");
        }
        if attribute.write_only && attribute.is_computed() {
            self.at(path, "a write-only attribute cannot be computed or have a default");
        }
        if attribute.unknown_on_update && !attribute.is_computed() {
            self.at(path, "only a computed attribute can be unknown_on_update");
        }
        self.default(attribute, path);
        self.placement(attribute, path, enclosing);
        for problem in attribute.validators.iter().filter_map(|rule| rule.problem.as_deref()) {
            self.at(path, problem);
        }
        match &attribute.kind {
            AttributeType::Plain(ty) => self.ty(ty, path, enclosing),
            AttributeType::Nested(nesting, object) => {
                self.object(object, path, enclosing.inside(attribute, *nesting));
            }
            AttributeType::Flat(nesting, object) => {
                let enclosing = Enclosing { flat: true, ..enclosing.inside(attribute, *nesting) };
                self.object(object, path, enclosing);
            }
        }
    }

    fn default(&mut self, attribute: &Attribute, path: &Path) {
        let Some(default) = &attribute.default else { return };
        if attribute.mode != Mode::OptionalComputed {
            self.at(path, "an attribute with a default must be optional and computed");
        }
        if default.is_null() || !default.is_wholly_known() {
            self.at(path, "the default must be known");
        }
        let mut refused = Diagnostics::new();
        attribute.check_at(default, path, &mut refused);
        for diagnostic in refused {
            self.at(path, &format!("the default is invalid: {}", diagnostic.detail));
        }
    }

    fn placement(&mut self, attribute: &Attribute, path: &Path, enclosing: Enclosing) {
        if enclosing.set {
            // Terraform cannot tell which element of one set became which of another.
            if attribute.write_only {
                self.at(path, "an attribute inside a set cannot be write-only");
            }
            if attribute.is_decided() {
                self.at(path, "an attribute inside a set cannot be computed");
            }
            if attribute.requires_replace {
                self.at(path, "an attribute inside a set cannot require replacement: set it on the set itself");
            }
        }
        if enclosing.flat {
            let lost = [
                (attribute.is_computed(), "be computed or have a default"),
                (attribute.write_only, "be write-only"),
                (attribute.sensitive, "be sensitive: mark the whole value"),
                (attribute.requires_replace, "require replacement: mark the whole value"),
                (attribute.deprecated.is_some(), "be deprecated"),
            ];
            for (_, what) in lost.iter().filter(|(is, _)| *is) {
                self.at(path, &format!("an attribute of a plain object cannot {what}"));
            }
        }
    }

    fn ty(&mut self, ty: &Type, path: &Path, enclosing: Enclosing) {
        let inside = match ty {
            Type::List(ty) | Type::Set(ty) | Type::Map(ty) => ty.has_dynamic(),
            ty => enclosing.collection && ty.has_dynamic(),
        };
        if inside {
            self.at(path, "the elements of a collection cannot be dynamic");
        }
    }
}

impl Enclosing {
    fn inside(self, attribute: &Attribute, nesting: Nesting) -> Self {
        Self {
            // What the provider alone decides, it decides as a whole.
            set: self.set || nesting == Nesting::Set && attribute.is_configurable(),
            collection: self.collection || nesting != Nesting::Single,
            ..self
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{
        field::{Computed, Field, WriteOnly},
        validate::{pattern, range},
        value::{DecodeError, Value},
    };

    fn of<F: Field>() -> Attribute {
        Attribute::of::<F>("a", "Doc.")
    }

    /// An attribute of objects that have this one attribute.
    fn holding(nesting: Nesting, inner: Attribute) -> Attribute {
        let kind = AttributeType::Nested(nesting, Object::new("Doc.", vec![inner]));
        Attribute { name: "o".to_owned(), kind, ..of::<Option<String>>() }
    }

    #[track_caller]
    fn check(attribute: Attribute, expected: &[&str]) {
        assert_eq!(Object::new("Doc.", vec![attribute]).schema_errors(), expected);
    }

    struct Any;

    impl Field for Any {
        type Inner = Self;

        fn kind() -> AttributeType {
            AttributeType::Plain(Type::Dynamic)
        }

        fn decode(_: Value) -> Result<Self, DecodeError> {
            Ok(Self)
        }

        fn encode(&self) -> Value {
            Value::Null
        }
    }

    #[test]
    fn ok_what_is_allowed() {
        check(of::<String>().requires_replace().sensitive(), &[]);
        check(of::<Computed<String>>().unknown_on_update().optional(), &[]);
        check(of::<String>().default("x"), &[]);
        check(of::<Option<WriteOnly<String>>>(), &[]);
        check(of::<Any>(), &[]);
        check(holding(Nesting::Single, of::<Any>()), &[]);
        check(holding(Nesting::Set, of::<String>().default("x")), &[]);
        check(holding(Nesting::Map, of::<Computed<String>>()), &[]);
        check(holding(Nesting::List, Attribute { name: "count".to_owned(), ..of::<bool>() }), &[]);
        check(Attribute { mode: Mode::Computed, ..holding(Nesting::Set, of::<String>()) }, &[]);
    }

    #[test]
    fn err_names() {
        let named = |name: &str| Attribute { name: name.to_owned(), ..of::<bool>() };
        for name in RESERVED {
            check(named(name), &[&format!("{name}: this name is reserved")]);
        }
        for name in ["", "A", "a-b", "_a", "1a", "ä"] {
            let rule = "a name must start with a lowercase letter and contain only lowercase letters, digits and `_`";
            check(named(name), &[&format!("{name}: {rule}")]);
        }
        let twice = Object::new("Doc.", vec![of::<bool>(), of::<bool>()]);
        assert_eq!(twice.schema_errors(), ["a: the attribute is declared twice"]);
    }

    #[test]
    fn err_missing_descriptions() {
        check(Attribute::of::<bool>("a", " "), &["a: the attribute has no description"]);
        let object = AttributeType::Nested(Nesting::Single, Object::default());
        check(Attribute { kind: object, ..of::<String>() }, &["a: the object has no description"]);
    }

    #[test]
    fn err_modes() {
        let rule = "a: a write-only attribute cannot be computed or have a default";
        check(of::<WriteOnly<String>>().default("x"), &[rule]);
        check(
            of::<String>().unknown_on_update(),
            &["a: only a computed attribute can be unknown_on_update"],
        );
        check(
            Attribute { mode: Mode::Required, ..of::<String>().default("x") },
            &["a: an attribute with a default must be optional and computed"],
        );
    }

    #[test]
    fn err_defaults() {
        check(of::<String>().default(Value::Null), &["a: the default must be known"]);
        check(of::<String>().default(Value::unknown()), &["a: the default must be known"]);
        check(
            of::<String>().default(true),
            &["a: the default is invalid: a string is required, not a bool"],
        );
        check(
            of::<u8>().validate::<u8, _, _>(range(1..=5)).default(9),
            &["a: the default is invalid: must be from 1 to 5"],
        );
    }

    #[test]
    fn err_inside_a_set() {
        let check = |inner, problem: &str| {
            check(holding(Nesting::Set, inner), &[&format!("o.a: {problem}")]);
        };
        check(of::<WriteOnly<bool>>(), "an attribute inside a set cannot be write-only");
        check(of::<Computed<bool>>(), "an attribute inside a set cannot be computed");
        check(of::<Computed<bool>>().optional(), "an attribute inside a set cannot be computed");
        check(
            of::<bool>().requires_replace(),
            "an attribute inside a set cannot require replacement: set it on the set itself",
        );
    }

    #[test]
    fn err_deep_inside_a_set() {
        check(
            holding(Nesting::Set, holding(Nesting::Single, of::<Computed<bool>>())),
            &["o.o.a: an attribute inside a set cannot be computed"],
        );
    }

    #[test]
    fn places_are_found_at_any_depth() {
        #[track_caller]
        fn check(attribute: Attribute, is: fn(&Attribute) -> bool, expected: &[&str]) {
            let places = Object::new("Doc.", vec![attribute]).places(is);
            assert_eq!(places.iter().map(Path::to_string).collect::<Vec<_>>(), expected);
        }
        let computed = || of::<Computed<bool>>();
        check(computed(), Attribute::is_decided, &["a"]);
        check(computed().optional(), Attribute::is_decided, &["a"]);
        check(of::<bool>().default(true), Attribute::is_decided, &[]);
        for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
            let inner = || holding(nesting, computed());
            check(inner(), Attribute::is_decided, &["o.a"]);
            check(inner().plain(), Attribute::is_decided, &["o.a"]);
            check(holding(Nesting::Single, inner()), Attribute::is_decided, &["o.o.a"]);
            // All that is inside is decided with it.
            check(Attribute { mode: Mode::Computed, ..inner() }, Attribute::is_decided, &["o"]);
            check(inner(), |attribute| attribute.write_only, &[]);
            let inner = holding(nesting, of::<Option<WriteOnly<bool>>>());
            check(inner, |attribute| attribute.write_only, &["o.a"]);
        }
    }

    #[test]
    fn err_dynamic_elements() {
        let rule = "the elements of a collection cannot be dynamic";
        for nesting in [Nesting::List, Nesting::Set, Nesting::Map] {
            check(holding(nesting, of::<Any>()), &[&format!("o.a: {rule}")]);
        }
        check(of::<Vec<Any>>(), &[&format!("a: {rule}")]);
        check(of::<BTreeMap<String, Vec<Any>>>(), &[&format!("a: {rule}")]);
    }

    #[test]
    fn err_flags_lost_in_plain_objects() {
        let check = |inner, problem: &str| {
            check(holding(Nesting::List, inner).plain(), &[&format!("o.a: {problem}")]);
        };
        check(
            of::<Computed<bool>>(),
            "an attribute of a plain object cannot be computed or have a default",
        );
        check(
            of::<bool>().default(true),
            "an attribute of a plain object cannot be computed or have a default",
        );
        check(of::<WriteOnly<bool>>(), "an attribute of a plain object cannot be write-only");
        check(
            of::<bool>().sensitive(),
            "an attribute of a plain object cannot be sensitive: mark the whole value",
        );
        check(
            of::<bool>().requires_replace(),
            "an attribute of a plain object cannot require replacement: mark the whole value",
        );
        check(
            of::<bool>().deprecated("old"),
            "an attribute of a plain object cannot be deprecated",
        );
    }

    #[test]
    fn err_invalid_rules() {
        let attribute = of::<String>().validate::<String, _, _>(pattern("(", "be odd"));
        assert_eq!(Object::new("Doc.", vec![attribute]).schema_errors().len(), 1);
    }

    #[test]
    fn types_on_the_wire() {
        #[track_caller]
        fn check(attribute: &Attribute, expected: &str) {
            assert_eq!(attribute.ty().to_json(), expected);
        }
        check(&of::<Option<BTreeSet<u16>>>(), r#"["set","number"]"#);
        check(&of::<BTreeMap<String, Vec<bool>>>(), r#"["map",["list","bool"]]"#);
        let list = holding(Nesting::List, of::<Option<bool>>());
        check(&list, r#"["list",["object",{"a":"bool"}]]"#);
        check(&list.plain(), r#"["list",["object",{"a":"bool"},["a"]]]"#);
        check(&holding(Nesting::Map, of::<bool>()).plain(), r#"["map",["object",{"a":"bool"}]]"#);
    }
}
