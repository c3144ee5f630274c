//! `provider::kitchen::slug` and `provider::kitchen::count`: functions of one argument, and of any number.

use tf_provider::{Diagnostic, Function, Model, Result};

/// Makes a slug of a text.
#[derive(Model)]
pub(crate) struct Slug {
    /// The text.
    text: String,
}

impl Function for Slug {
    const NAME: &'static str = "slug";
    type Output = String;

    fn call(self) -> Result<String> {
        if self.text.is_empty() {
            return Err(Diagnostic::error("there is nothing to make a slug of").at("text").into());
        }
        Ok(slug(&self.text))
    }
}

/// Counts words.
#[derive(Model)]
pub(crate) struct Count {
    /// The words; null is none.
    words: Vec<Option<String>>,
}

impl Function for Count {
    const NAME: &'static str = "count";
    const VARIADIC: bool = true;
    type Output = u64;

    fn call(self) -> Result<u64> {
        Ok(self.words.iter().flatten().count() as u64)
    }
}

/// In small letters, with dashes.
pub(crate) fn slug(text: &str) -> String {
    text.to_lowercase().replace(' ', "-")
}
