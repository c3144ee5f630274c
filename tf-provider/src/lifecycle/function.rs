//! `CallFunction`: arguments in, an answer out. There is no client, and nothing is configured.

use super::{Declaration, catch_panic};
use crate::{
    Diagnostic, Diagnostics, Field, Function, Result, Severity, Value,
    path::Step,
    schema::{Attribute, Mode},
    value::Type,
};

/// A function whose Rust type is forgotten.
pub(crate) struct Callable {
    /// Its parameters are the attributes of one object.
    pub(crate) declaration: Declaration,
    pub(crate) signature: Signature,
    code: fn(Value) -> Result<Value>,
}

/// How a function is called.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// What takes all further arguments.
    pub variadic: Option<Parameter>,
    /// What it returns.
    pub output: Type,
}

/// One parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it means, in Markdown.
    pub doc: String,
    /// What an argument for it holds.
    pub ty: Type,
    /// Whether it may be null.
    pub null: bool,
    /// Whether it may be unknown.
    pub unknown: bool,
}

/// Why there is no answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Failed {
    pub(crate) text: String,
    /// The argument to blame, counted from zero.
    pub(crate) argument: Option<usize>,
}

impl Callable {
    pub(crate) fn of<F: Function>() -> Self {
        let object = F::object();
        let mut parameters: Vec<_> = object.attributes.iter().map(Parameter::of).collect();
        let last = object.attributes.last().filter(|_| F::VARIADIC);
        let variadic = last.and_then(|last| Some(parameters.pop()?.repeated(last.null_elements)));
        Self {
            declaration: Declaration::new(F::NAME, object),
            signature: Signature { parameters, variadic, output: F::Output::kind().ty() },
            code: |arguments| Ok(F::decode(arguments)?.call()?.encode()),
        }
    }

    /// The parameter that an argument is for.
    pub(crate) fn parameter(&self, argument: usize) -> Option<&Parameter> {
        self.signature.parameters.get(argument).or(self.signature.variadic.as_ref())
    }

    /// Calls it.
    pub(crate) fn call(&self, arguments: Vec<Value>) -> Result<Value, Failed> {
        let arguments = self.bind(arguments)?;
        let answer = catch_panic(&format!("call {}", self.declaration.name), || {
            self.declaration.object.check(&arguments).into_result()?;
            (self.code)(arguments)
        });
        answer.and_then(|answer| answer).map_err(|errors| self.failed(errors))
    }

    /// The arguments under the names of their parameters.
    fn bind(&self, mut arguments: Vec<Value>) -> Result<Value, Failed> {
        let (expected, given) = (self.signature.parameters.len(), arguments.len());
        if given < expected || (given > expected && self.signature.variadic.is_none()) {
            let text = format!("wrong number of arguments: {expected} expected, {given} given");
            return Err(Failed { text, argument: None });
        }
        let rest = self
            .signature
            .variadic
            .as_ref()
            .map(|rest| (rest.name.as_str(), Value::List(arguments.split_off(expected))));
        let named = self.signature.parameters.iter().map(|one| one.name.as_str()).zip(arguments);
        Ok(Value::map(named.chain(rest)))
    }

    /// Terraform takes one reason, and says itself which argument it is about.
    pub(crate) fn failed(&self, errors: Diagnostics) -> Failed {
        let error = errors.into_iter().find(|error| error.severity == Severity::Error);
        let Diagnostic { summary, detail, path, .. } =
            error.unwrap_or_else(|| Diagnostic::error("the function returned no value"));
        let path = path.unwrap_or_default();
        let text = match (detail.trim_end().trim_end_matches('.'), path.steps()) {
            ("", _) => summary,
            (detail, [_]) if summary == Diagnostic::invalid(&path, "").summary => detail.to_owned(),
            (detail, _) => format!("{summary}: {detail}"),
        };
        Failed { text, argument: self.argument(path.steps()) }
    }

    fn argument(&self, path: &[Step]) -> Option<usize> {
        let [Step::Attribute(name), rest @ ..] = path else { return None };
        let names =
            self.signature.parameters.iter().chain(&self.signature.variadic).map(|one| &one.name);
        let index = names.into_iter().position(|one| one == name)?;
        match rest {
            [Step::Index(further), ..] if index == self.signature.parameters.len() => {
                Some(index + usize::try_from(*further).ok()?)
            }
            _ => Some(index),
        }
    }

    /// Every rule that it breaks.
    pub(crate) fn schema_errors(&self) -> Vec<String> {
        let mut found = self.declaration.object.schema_errors_inside();
        let wrong = |one: &Attribute| one.write_only || one.is_decided();
        for at in self.declaration.object.places(wrong) {
            found.push(format!("{at}: a parameter cannot be computed or write-only"));
        }
        // It would never be used: every argument is given. Inside of one, null stands for a default.
        let defaults =
            self.declaration.object.attributes.iter().filter(|one| one.default.is_some());
        found
            .extend(defaults.map(|one| format!("{}: a parameter cannot have a default", one.name)));
        let last = self.declaration.object.attributes.last().map(Attribute::ty);
        if self.signature.variadic.is_some() && !matches!(last, Some(Type::List(_))) {
            found.push("the last field of a variadic function is a `Vec`".to_owned());
        }
        found
    }
}

impl Parameter {
    fn of(attribute: &Attribute) -> Self {
        Self {
            name: attribute.name.clone(),
            doc: attribute.doc.clone(),
            ty: attribute.ty(),
            null: attribute.mode == Mode::Optional,
            unknown: attribute.unknown,
        }
    }

    /// The same for one argument of many.
    fn repeated(self, null: bool) -> Self {
        let ty = match self.ty {
            Type::List(element) => *element,
            other => other,
        };
        Self { ty, null, unknown: false, ..self }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Json, Model,
        testkit::{
            function::{Join, Meet},
            lean, value,
        },
    };

    #[track_caller]
    fn check<F: Function>(arguments: Json, expected: Result<Json, (&str, Option<usize>)>) {
        let Value::List(arguments) = value(arguments) else { panic!("a list is needed") };
        let answer = Callable::of::<F>().call(arguments);
        let expected =
            expected.map_err(|(text, argument)| Failed { text: text.to_owned(), argument });
        assert_eq!(answer.map(|answer| lean(&answer)), expected);
    }

    #[test]
    fn arguments_fill_the_fields_in_order() {
        check::<Join>(json!(["-", "a", "b"]), Ok(json!("a-b")));
        check::<Join>(json!(["-"]), Ok(json!("")));
        check::<Join>(json!(["-", "a", null, "b"]), Ok(json!("a-b")));
    }

    #[test]
    fn null_and_unknown_reach_functions_that_accept_them() {
        check::<Meet>(json!([{"name": "a"}, null, null]), Ok(json!({"text": "a"})));
        check::<Meet>(json!([{"name": "a"}, "b", null]), Ok(json!({"text": "a meets b"})));
        check::<Meet>(json!([{"name": "a"}, null, "?"]), Ok(json!("?")));
        check::<Meet>(
            json!([{"name": "a"}, null, "where"]),
            Ok(json!({"text": "a", "at": "where"})),
        );
    }

    #[test]
    fn error_names_the_index_of_the_argument() {
        check::<Join>(
            json!(["long", "a"]),
            Err(("must have at most 3 characters, but has 4", Some(0))),
        );
        check::<Join>(json!(["-", "a", "error"]), Err(("no such word: told to", Some(2))));
        check::<Join>(json!([null]), Err(("must not be null", Some(0))));
        check::<Meet>(
            json!([{"name": "a", "age": -1}, null, null]),
            Err(("invalid value of `who.age`: must be a whole number from 0 to 255", Some(0))),
        );
    }

    /// Adds numbers.
    #[derive(Model)]
    struct Add {
        /// The numbers.
        numbers: Vec<u8>,
    }

    impl Function for Add {
        const NAME: &'static str = "add";
        const VARIADIC: bool = true;
        type Output = u8;

        fn call(self) -> Result<u8> {
            Ok(self.numbers.iter().sum())
        }
    }

    /// Weighs parts.
    #[derive(Model)]
    struct Weigh {
        /// The parts; null weighs nothing.
        parts: Vec<Option<Part>>,
    }

    /// A part.
    #[derive(Model)]
    struct Part {
        /// What it weighs.
        weight: u8,
    }

    impl Function for Weigh {
        const NAME: &'static str = "weigh";
        const VARIADIC: bool = true;
        type Output = u8;

        fn call(self) -> Result<u8> {
            Ok(self.parts.iter().flatten().map(|part| part.weight).sum())
        }
    }

    #[test]
    fn null_is_a_further_argument_where_the_elements_may_be_null() {
        check::<Add>(json!([1, 2]), Ok(json!(3)));
        let text = "invalid value of `numbers[1]`: must not be null";
        check::<Add>(json!([1, null]), Err((text, Some(1))));
        check::<Weigh>(json!([{"weight": 1}, null]), Ok(json!(1)));
        let null = |function: Callable| function.signature.variadic.map(|further| further.null);
        assert_eq!(null(Callable::of::<Add>()), Some(false));
        assert_eq!(null(Callable::of::<Weigh>()), Some(true));
    }

    #[test]
    fn err_too_few_and_too_many() {
        check::<Join>(json!([]), Err(("wrong number of arguments: 1 expected, 0 given", None)));
        check::<Meet>(
            json!([1, 2, 3, 4]),
            Err(("wrong number of arguments: 3 expected, 4 given", None)),
        );
    }

    #[test]
    fn panic_is_reported_as_a_bug() {
        let answer = Callable::of::<Join>().call(vec!["-".into(), "panic".into()]);
        let failed = answer.unwrap_err();
        assert!(failed.text.contains("It panicked: could not call join: told to"));
        assert_eq!(failed.argument, None);
    }

    #[test]
    fn a_function_is_deterministic() {
        let join = Callable::of::<Join>();
        let arguments = || vec![", ".into(), "a".into(), "b".into()];
        assert_eq!(join.call(arguments()), join.call(arguments()));
    }
}
