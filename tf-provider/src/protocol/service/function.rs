//! Functions: the one thing that works without a configured provider.

use super::Service;
use crate::{
    Provider, Value,
    lifecycle::{AnyComponent, Kind, function::Failed},
    protocol::{decode, encode, generated::tfplugin6 as wire},
};

impl<P: Provider> Service<P> {
    pub(super) fn functions(&self) -> wire::get_functions::Response {
        let functions = self.components.iter().filter_map(|((_, name), one)| match one {
            AnyComponent::Function(function) => Some((name.clone(), encode::function(function))),
            _ => None,
        });
        wire::get_functions::Response { functions: functions.collect(), ..Default::default() }
    }

    pub(super) fn call(
        &self,
        request: &wire::call_function::Request,
    ) -> wire::call_function::Response {
        let answer = self.answer(request).map_err(|failed| wire::FunctionError {
            text: failed.text,
            function_argument: failed.argument.and_then(|index| index.try_into().ok()),
        });
        wire::call_function::Response { error: answer.as_ref().err().cloned(), result: answer.ok() }
    }

    fn answer(&self, request: &wire::call_function::Request) -> Result<wire::DynamicValue, Failed> {
        let name = &request.name;
        let Some(AnyComponent::Function(function)) = self.component(Kind::Function, name) else {
            let text = format!("the provider has no function `{name}`");
            return Err(Failed { text, argument: None });
        };
        let mut arguments = Vec::new();
        for (index, value) in request.arguments.iter().enumerate() {
            // Of those that are too many, only their number counts.
            let value = function
                .parameter(index)
                .map_or(Ok(Value::Null), |parameter| decode::value(Some(value), &parameter.ty));
            arguments.push(
                value.map_err(|errors| Failed {
                    argument: Some(index),
                    ..function.failed(errors)
                })?,
            );
        }
        Ok(encode::value(&function.call(arguments)?, &function.signature.output))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tonic::Request;
    use wire::provider_server::Provider as _;

    use super::{super::tests::Core, *};
    use crate::{
        Json,
        testkit::{lean, value},
        value::Type,
    };

    async fn call(name: &str, arguments: &[Json]) -> wire::call_function::Response {
        let arguments =
            arguments.iter().map(|one| encode::value(&value(one.clone()), &Type::String));
        let request =
            wire::call_function::Request { name: name.to_owned(), arguments: arguments.collect() };
        Core::new().0.call_function(Request::new(request)).await.unwrap().into_inner()
    }

    #[tokio::test]
    async fn a_function_answers_while_nothing_is_configured() {
        let answer = call("join", &["-".into(), "a".into(), "b".into()]).await;
        assert_eq!(answer.error, None);
        let result = decode::value(answer.result.as_ref(), &Type::String).unwrap();
        assert_eq!(lean(&result), json!("a-b"));
    }

    #[tokio::test]
    async fn an_error_is_about_an_argument() {
        for (name, arguments, text, argument) in [
            ("join", &[json!("-"), json!("error")][..], "no such word: told to", Some(1)),
            ("join", &[json!("long")], "must have at most 3 characters, but has 4", Some(0)),
            ("join", &[], "wrong number of arguments: 1 expected, 0 given", None),
            ("nothing", &[], "the provider has no function `nothing`", None),
        ] {
            let answer = call(name, arguments).await;
            let error = answer.error.unwrap();
            assert_eq!((error.text.as_str(), error.function_argument), (text, argument));
            assert_eq!(answer.result, None);
        }
    }

    #[tokio::test]
    async fn an_argument_that_cannot_be_read_is_an_error() {
        let broken = wire::DynamicValue { msgpack: b"\xc1".to_vec(), json: vec![] };
        let request =
            wire::call_function::Request { name: "join".to_owned(), arguments: vec![broken] };
        let answer = Core::new().0.call_function(Request::new(request)).await.unwrap();
        assert_eq!(answer.into_inner().error.unwrap().function_argument, Some(0));
    }

    #[tokio::test]
    async fn parameters_are_listed_in_order_with_all_that_is_said_of_them() {
        let request = Request::new(wire::get_functions::Request {});
        let listed = Core::new().0.get_functions(request).await.unwrap().into_inner();
        let lines: Vec<_> = listed
            .functions
            .iter()
            .map(|(name, function)| {
                let parameters = function.parameters.iter().map(shown);
                let rest =
                    function.variadic_parameter.iter().map(|rest| format!("{}…", shown(rest)));
                let parameters: Vec<_> = parameters.chain(rest).collect();
                let output = &function.r#return.as_ref().unwrap().r#type;
                format!(
                    "{name}({}) {}\n  {}\n  {:?} {}",
                    parameters.join(", "),
                    String::from_utf8_lossy(output),
                    function.summary,
                    function.description,
                    function.deprecation_message,
                )
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        join(separator: "string", words?: "string"…) "string"
          Joins words.
          "Joins words.\n\nSome words make it fail." use `join`
        meet(who: ["object",{"age":"number","name":"string"}], whom?: "string", place???: "string") ["object",{"at":"string","text":"string"}]
          Says who meets whom.
          "Says who meets whom."
        "#);
    }

    fn shown(parameter: &wire::function::Parameter) -> String {
        let ty = String::from_utf8_lossy(&parameter.r#type);
        let flags = [(parameter.allow_null_value, "?"), (parameter.allow_unknown_values, "??")];
        let flags: String = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| *flag).collect();
        assert!(!parameter.description.is_empty());
        format!("{}{flags}: {ty}", parameter.name)
    }
}
