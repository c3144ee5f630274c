//! Functions.

use crate::{Diagnostic, Function, Maybe, Model, Path, Result, validate::length};

/// Joins words.
///
/// Some words make it fail.
#[derive(Model)]
#[tf(deprecated = "use `join`")]
pub(crate) struct Join {
    /// What stands between two words.
    #[tf(validate = length(0..=3))]
    separator: String,
    /// The words; null is none.
    words: Vec<Option<String>>,
}

impl Function for Join {
    const NAME: &'static str = "join";
    const VARIADIC: bool = true;
    type Output = String;

    fn call(self) -> Result<String> {
        let is = |word: &Option<String>, what| word.as_deref() == Some(what);
        assert!(!self.words.iter().any(|word| is(word, "panic")), "told to");
        if let Some(n) = self.words.iter().position(|word| is(word, "error")) {
            let at = Path::from("words").index(n);
            return Err(Diagnostic::error("no such word").detail("told to.").at(at).into());
        }
        let words: Vec<_> = self.words.into_iter().flatten().collect();
        Ok(words.join(&self.separator))
    }
}

/// Says who meets whom.
#[derive(Model)]
pub(crate) struct Meet {
    /// Who meets.
    who: Person,
    /// Who is met.
    whom: Option<String>,
    /// Where they meet.
    place: Maybe<String>,
}

/// A person.
#[derive(Model)]
pub(crate) struct Person {
    /// Name of the person.
    name: String,
    /// Age of the person.
    age: Option<u8>,
}

/// A meeting.
#[derive(Model)]
pub(crate) struct Meeting {
    /// What is to be said about it.
    text: String,
    /// Where it is.
    at: Option<String>,
}

impl Function for Meet {
    const NAME: &'static str = "meet";
    type Output = Maybe<Meeting>;

    fn call(self) -> Result<Maybe<Meeting>> {
        let text = match self.whom {
            Some(whom) => format!("{} meets {whom}", self.who.name),
            None => self.who.name,
        };
        Ok(match self.place {
            Maybe::Unknown => Maybe::Unknown,
            place => Maybe::Known(Meeting { text, at: place.into_known() }),
        })
    }
}
