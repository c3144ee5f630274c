//! From a struct to what is written for it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Data, DeriveInput, Error, Field, Fields, Ident, LitStr, Result, Type, Visibility, ext::IdentExt,
};

use crate::flags::{Flags, deprecated, docs, undocumented};

/// One attribute: a field and what is said about it.
struct Attribute<'a> {
    ident: &'a Ident,
    vis: &'a Visibility,
    ty: &'a Type,
    name: String,
    doc: String,
    flags: Flags,
}

pub(crate) fn model(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "only a struct can be a model"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(&input.ident, "the attributes of a model need names"));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "a model has no parameters"));
    }
    let doc = docs(&input.attrs);
    if doc.is_empty() {
        return Err(undocumented(input.ident.span(), "a model"));
    }
    let attributes = fields.named.iter().filter_map(attribute).collect::<Result<Vec<_>>>()?;

    let name = &input.ident;
    let demands = attributes.iter().flat_map(|attribute| &attribute.flags.demands);
    let field = field(name, &attributes);
    let object = object(&doc, &attributes, deprecated(&input.attrs)?);
    let model = impl_model(input, &object, &attributes);
    Ok(quote! {
        #(#demands)*
        #field
        #model
    })
}

fn attribute(field: &Field) -> Option<Result<Attribute<'_>>> {
    let ident = field.ident.as_ref()?;
    let doc = docs(&field.attrs);
    if doc.is_empty() {
        return Some(Err(undocumented(ident.span(), "an attribute")));
    }
    let name = ident.unraw().to_string();
    Some(Flags::read(&field.attrs, &field.ty).map(|flags| Attribute {
        ident,
        vis: &field.vis,
        ty: &field.ty,
        name,
        doc,
        flags,
    }))
}

/// The struct as an object inside another one.
fn field(model: &Ident, attributes: &[Attribute<'_>]) -> TokenStream {
    let take = attributes.iter().map(|Attribute { ident, name, flags, .. }| {
        let take = flags.default.as_ref().map_or_else(
            || quote!(take(&mut attributes, #name)),
            |default| quote!(take_or(&mut attributes, #name, || #default)),
        );
        quote!(#ident: ::tf_provider::model::derived::#take?)
    });
    let mut in_order: Vec<_> = attributes.iter().collect();
    in_order.sort_by_key(|attribute| &attribute.name);
    let names = in_order.iter().map(|attribute| &attribute.name);
    let encode = in_order
        .iter()
        .map(|Attribute { ident, .. }| quote!(::tf_provider::Field::encode(&self.#ident)));
    let same = attributes.iter().map(|Attribute { ty, name, flags, .. }| {
        let values = quote!(a.get(#name), b.get(#name));
        flags.semantic_equals.as_ref().map_or_else(
            || quote!(<#ty as ::tf_provider::Field>::semantic_equals(#values)),
            |same| quote!(::tf_provider::model::derived::semantic_equals_by::<#ty, _>(#same, #values)),
        )
    });
    quote! {
        #[automatically_derived]
        impl ::tf_provider::Field for #model {
            type Inner = Self;

            fn kind() -> ::tf_provider::schema::AttributeType {
                ::tf_provider::schema::AttributeType::Nested(
                    ::tf_provider::schema::Nesting::Single,
                    <Self as ::tf_provider::Model>::object(),
                )
            }

            fn decode(
                value: ::tf_provider::Value,
            ) -> ::std::result::Result<Self, ::tf_provider::DecodeError> {
                #[allow(unused_mut, unused_variables, reason = "a model may be empty")]
                let mut attributes = ::tf_provider::model::derived::attributes(value)?;
                ::std::result::Result::Ok(Self { #(#take,)* })
            }

            fn encode(&self) -> ::tf_provider::Value {
                ::tf_provider::model::derived::object([#((#names, #encode),)*])
            }

            fn semantic_equals(a: &::tf_provider::Value, b: &::tf_provider::Value) -> bool {
                match (a, b) {
                    (::tf_provider::Value::Map(_), ::tf_provider::Value::Map(_)) => {
                        true #(&& #same)*
                    }
                    (a, b) => a == b,
                }
            }

            fn check(
                value: &::tf_provider::Value,
                at: &::tf_provider::Path,
                out: &mut ::tf_provider::Diagnostics,
            ) {
                <Self as ::tf_provider::Model>::object().check_at(value, at, out);
            }
        }
    }
}

/// What makes its schema.
fn object(doc: &str, attributes: &[Attribute<'_>], deprecated: Option<LitStr>) -> TokenStream {
    let attributes = attributes.iter().map(|Attribute { ty, name, doc, flags, .. }| {
        let calls = &flags.calls;
        quote!(::tf_provider::schema::Attribute::of::<#ty>(#name, #doc) #(#calls)*)
    });
    let deprecated = deprecated.map(|why| quote!(.deprecated(#why)));
    quote! {
        ::tf_provider::schema::Object::new(#doc, ::std::vec![#(#attributes,)*]) #deprecated
    }
}

fn impl_model(
    input: &DeriveInput,
    object: &TokenStream,
    attributes: &[Attribute<'_>],
) -> TokenStream {
    let (model, vis) = (&input.ident, &input.vis);
    let partial = format_ident!("{model}Partial");
    let partial_doc = format!("[`{model}`] while not all of it is known.");
    let fields = attributes.iter().map(|Attribute { ident, vis, ty, doc, .. }| {
        quote! {
            #[doc = #doc]
            #vis #ident: ::tf_provider::Maybe<<#ty as ::tf_provider::Field>::Inner>
        }
    });
    let nulls =
        attributes.iter().map(|Attribute { ident, .. }| quote!(#ident: ::tf_provider::Maybe::Null));
    let read = attributes.iter().map(|Attribute { ident, name, .. }| {
        quote!(#ident: ::tf_provider::model::derived::maybe(value, #name, &mut out))
    });
    let write = attributes.iter().map(|Attribute { ident, name, .. }| {
        quote!(::tf_provider::model::derived::merge(&partial.#ident, over, #name);)
    });
    quote! {
        #[doc = #partial_doc]
        #[doc(hidden)]
        #[allow(dead_code, reason = "nobody looks at every attribute")]
        #vis struct #partial { #(#fields,)* }

        #[automatically_derived]
        impl ::std::default::Default for #partial {
            fn default() -> Self {
                Self { #(#nulls,)* }
            }
        }

        #[automatically_derived]
        impl ::std::fmt::Debug for #partial {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(::std::stringify!(#partial)).finish_non_exhaustive()
            }
        }

        #[automatically_derived]
        impl ::tf_provider::Model for #model {
            type Partial = #partial;

            fn object() -> ::tf_provider::schema::Object {
                #object
            }

            fn partial(
                value: &::tf_provider::Value,
            ) -> ::tf_provider::Result<Self::Partial> {
                #[allow(unused_mut, reason = "a model may be empty")]
                let mut out = ::tf_provider::Diagnostics::new();
                let partial = #partial { #(#read,)* };
                out.into_result().map(|_| partial)
            }

            #[allow(unused_variables, reason = "a model may be empty")]
            fn merge(partial: &Self::Partial, over: &mut ::tf_provider::Value) {
                #(#write)*
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the compiler says of this source, and where: line and column, and the text there.
    #[track_caller]
    fn check_err(source: &str, line: usize, at: &str, expected: &str) {
        let error = model(&syn::parse_str(source).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let (start, end) = (error.span().start(), error.span().end());
        let text: String = source.lines().nth(start.line - 1).unwrap().chars().collect();
        let text: String =
            text.chars().skip(start.column).take(end.column - start.column).collect();
        assert_eq!((start.line, text.as_str()), (line, at));
    }

    const UNDOCUMENTED: &str = "needs a doc comment: it is the documentation in the registry";

    #[test]
    fn err_what_is_not_documented() {
        let source = "/// A thing.\nstruct Thing {\n/// Fine.\na: bool,\nport: u16,\n}";
        check_err(source, 5, "port", &format!("an attribute {UNDOCUMENTED}"));
        check_err("struct Thing {}", 1, "Thing", &format!("a model {UNDOCUMENTED}"));
        check_err("///\n///  \nstruct Thing {}", 3, "Thing", &format!("a model {UNDOCUMENTED}"));
    }

    #[test]
    fn err_what_is_no_struct_with_names() {
        check_err("/// A.\nenum A {}", 2, "A", "only a struct can be a model");
        check_err("/// A.\nstruct A(bool);", 2, "A", "the attributes of a model need names");
        check_err("/// A.\nstruct A<T> {}", 2, "<T>", "a model has no parameters");
    }

    #[test]
    fn err_flags() {
        let with = |flags: &str| format!("/// A.\nstruct A {{\n/// B.\n#[tf({flags})]\nb: u8,\n}}");
        check_err(
            &with("requires_replace, forcenew"),
            4,
            "forcenew",
            "this flag is not known; there are requires_replace, unknown_on_update, optional, sensitive, default, \
             validate, semantic_equals, plain and deprecated",
        );
        check_err(
            &with("requires_replace, requires_replace"),
            4,
            "requires_replace",
            "`requires_replace` is set twice",
        );
        check_err(
            &with("optional, default = 1"),
            4,
            "default",
            "`default` does not go with `optional`: what has a default is optional",
        );
        check_err(
            &with("default = 1, unknown_on_update"),
            4,
            "unknown_on_update",
            "`unknown_on_update` does not go with `default`: a default does not change",
        );
        check_err(&with("default"), 4, ")", "expected `=`");
    }

    #[test]
    fn ok_rules_may_be_repeated() {
        let source =
            "/// A.\nstruct A {\n/// B.\n#[tf(validate = x)]\n#[tf(validate = y)]\nb: u8,\n}";
        assert!(model(&syn::parse_str(source).unwrap()).is_ok());
    }

    #[test]
    fn docs_keep_their_markdown() {
        let source = "/// A list:\n///\n/// - one\n///   more\nstruct A {}";
        let input: DeriveInput = syn::parse_str(source).unwrap();
        assert_eq!(docs(&input.attrs), "A list:\n\n- one\n  more");
    }
}
