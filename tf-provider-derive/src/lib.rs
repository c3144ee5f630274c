//! `#[derive(Model)]`: a struct, its doc comments and a few flags become a Terraform schema, a
//! codec and a companion for what is not known yet.
//!
//! What it writes are calls of what `tf_provider::schema` offers to everybody. Whether an
//! attribute is required, optional or computed is said by its Rust type; the flags are listed at
//! `tf_provider::Model`.

mod expand;
mod flags;

/// See `tf_provider::Model`.
#[proc_macro_derive(Model, attributes(tf))]
pub fn derive_model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::model(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
