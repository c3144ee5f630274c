//! What stands in `#[tf(…)]` before a field, and in its doc comment.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Error, Expr, ExprLit, ExprPath, Lit, LitStr, Meta, Result, Type,
    meta::ParseNestedMeta, spanned::Spanned,
};

/// The flags of one field.
#[derive(Default)]
pub(crate) struct Flags {
    /// Calls of the builder of the attribute.
    pub(crate) calls: Vec<TokenStream>,
    /// What must hold for the type of the field, checked when the provider is compiled.
    pub(crate) demands: Vec<TokenStream>,
    /// The default as a value.
    pub(crate) default: Option<TokenStream>,
    /// When two values mean the same.
    pub(crate) semantic_equals: Option<ExprPath>,
    seen: Vec<String>,
}

impl Flags {
    pub(crate) fn read(attributes: &[Attribute], ty: &Type) -> Result<Self> {
        let mut flags = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("tf")) {
            attribute.parse_nested_meta(|meta| flags.add(&meta, ty))?;
        }
        Ok(flags)
    }

    fn add(&mut self, meta: &ParseNestedMeta<'_>, ty: &Type) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let span = meta.path.span();
        if self.seen.contains(&name) && name != "validate" {
            return Err(meta.error(format!("`{name}` is set twice")));
        }
        for (a, b, why) in CONFLICTS {
            let other = if name == *a {
                b
            } else if name == *b {
                a
            } else {
                continue;
            };
            if self.seen.iter().any(|seen| seen == other) {
                return Err(meta.error(format!("`{name}` does not go with `{other}`: {why}")));
            }
        }
        let inner = quote!(<#ty as ::tf_provider::Field>::Inner);
        let call = match name.as_str() {
            "requires_replace" => quote!(.requires_replace()),
            "sensitive" => quote!(.sensitive()),
            "plain" => quote!(.plain()),
            "unknown_on_update" => {
                self.demand(
                    span,
                    ty,
                    "Computed",
                    "only a `Computed` attribute can be `unknown_on_update`",
                );
                quote!(.unknown_on_update())
            }
            "optional" => {
                let message = "`optional` says that the user may set a `Computed` attribute; \
                               for any other write `Option<T>`";
                self.demand(span, ty, "Computed", message);
                quote!(.optional())
            }
            "default" => {
                let message = "an attribute with a default always has a value: write `T`, not \
                               `Option<T>` or `Computed<T>`";
                self.demand(span, ty, "Required", message);
                let default = default(&meta.value()?.parse()?, ty);
                self.default = Some(default.clone());
                quote!(.default(#default))
            }
            "validate" => {
                let rule: Expr = meta.value()?.parse()?;
                quote_spanned!(rule.span()=> .validate::<#inner, _, _>(#rule))
            }
            "semantic_equals" => {
                let same: ExprPath = meta.value()?.parse()?;
                self.semantic_equals = Some(same.clone());
                quote_spanned!(same.span()=> .semantic_equals::<#inner, _>(#same))
            }
            "deprecated" => {
                let why: LitStr = meta.value()?.parse()?;
                quote!(.deprecated(#why))
            }
            _ => {
                return Err(meta.error(
                    "this flag is not known; there are requires_replace, unknown_on_update, optional, sensitive, \
                     default, validate, semantic_equals, plain and deprecated",
                ));
            }
        };
        self.calls.push(call);
        self.seen.push(name);
        Ok(())
    }

    /// The mode that the type says is checked by the compiler, so that an alias will do as well.
    fn demand(&mut self, span: Span, ty: &Type, mode: &str, message: &str) {
        let mode = proc_macro2::Ident::new(mode, span);
        self.demands.push(quote_spanned! {span=>
            const _: () = ::std::assert!(
                ::std::matches!(
                    <#ty as ::tf_provider::Field>::MODE,
                    ::tf_provider::schema::Mode::#mode
                ),
                #message
            );
        });
    }
}

const CONFLICTS: &[(&str, &str, &str)] = &[
    ("default", "optional", "what has a default is optional"),
    ("default", "unknown_on_update", "a default does not change"),
];

/// Literals take the type of the field. A string stands for anything that is written as one.
fn default(value: &Expr, ty: &Type) -> TokenStream {
    let of = |value: TokenStream| quote!(::tf_provider::Field::encode(&{ #value }));
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            quote!(::tf_provider::Value::from(#text))
        }
        Expr::Lit(_) | Expr::Unary(_) => of(quote!(let value: #ty = #value; value)),
        _ => of(quote!(<#ty as ::std::convert::From<_>>::from(#value))),
    }
}

/// Why not to use the whole model any more: the one flag that stands before a struct.
pub(crate) fn deprecated(attributes: &[Attribute]) -> Result<Option<LitStr>> {
    let mut why = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("tf")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("deprecated") {
                return Err(meta.error("before a model, the one flag is deprecated"));
            }
            why = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(why)
}

/// The text of a doc comment.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    // The one space is the author's habit, more is Markdown.
    let lines: Vec<String> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// The error of a missing doc comment.
pub(crate) fn undocumented(span: Span, what: &str) -> Error {
    Error::new(span, format!("{what} needs a doc comment: it is the documentation in the registry"))
}
