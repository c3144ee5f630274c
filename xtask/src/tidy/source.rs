//! What a Rust file names: its paths, without comments, strings and tests.

use std::collections::VecDeque;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One Rust file of the repository.
#[derive(Debug)]
pub(super) struct Source {
    /// Where it lies, from the root of the repository.
    pub(super) file: String,
    pub(super) names: Vec<Name>,
}

/// A path in the code, from its root: `crate::cloud::Client` also where the file says
/// `use super::{cloud::{Client}}`. A field or method is a path of one segment.
#[derive(Debug, PartialEq)]
pub(super) struct Name {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

impl Source {
    /// Reads a file; what is not Rust is the error.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let tokens: TokenStream = text.parse().map_err(|error| format!("{file}: {error}"))?;
        let mut source = Self { file: file.to_owned(), names: Vec::new() };
        source.scan(tokens);
        Ok(source)
    }

    /// The module that the file is, from the root of its crate: `[cloud, sign]` for
    /// `src/cloud/sign.rs`.
    pub(super) fn module(&self) -> Vec<&str> {
        let (_, inside) = self.file.rsplit_once("src/").unwrap_or(("", &self.file));
        let parts = inside.trim_end_matches(".rs").split('/');
        parts.filter(|part| !["lib", "main"].contains(part)).collect()
    }

    fn scan(&mut self, tokens: TokenStream) {
        let mut tokens: VecDeque<_> = tokens.into_iter().collect();
        while let Some(token) = tokens.pop_front() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_test(tokens.front()) => {
                    skip_item(&mut tokens);
                }
                // A lifetime is a quote and a name.
                TokenTree::Punct(mark) if mark.as_char() == '\'' => drop(tokens.pop_front()),
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(_) => {
                    tokens.push_front(token);
                    self.path(&mut tokens, &[]);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Reads one path, or the paths of a `{group}` in a `use`, after `prefix`.
    fn path(&mut self, tokens: &mut VecDeque<TokenTree>, prefix: &[String]) {
        let mut segments = prefix.to_vec();
        let mut line = 0;
        while let Some(token) = tokens.pop_front() {
            match token {
                TokenTree::Ident(name) => {
                    line = name.span().start().line;
                    segments.push(name.to_string());
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let mut inner: VecDeque<_> = group.stream().into_iter().collect();
                    while !inner.is_empty() {
                        self.path(&mut inner, &segments);
                        while inner.pop_front().is_some_and(|token| !is_mark(Some(&token), ',')) {}
                    }
                    return;
                }
                // `path::*` names whatever is there; `path::<T>` ends here.
                TokenTree::Punct(mark) if mark.as_char() == '*' => segments.push("*".to_owned()),
                other => tokens.push_front(other),
            }
            let goes_on = is_mark(tokens.front(), ':') && is_mark(tokens.get(1), ':');
            if !goes_on || is_mark(tokens.get(2), '<') {
                break;
            }
            tokens.drain(..2);
        }
        self.push(segments, line);
    }

    /// Notes a path, with `self` and `super` resolved.
    fn push(&mut self, segments: Vec<String>, line: usize) {
        let mut segments: VecDeque<_> = segments.into();
        let mut module = self.module();
        let relative = segments.front().is_some_and(|first| first == "super" || first == "self");
        if relative && segments.len() > 1 {
            while let Some(up) = segments.pop_front_if(|name| name == "super" || name == "self") {
                if up == "super" {
                    module.pop();
                }
            }
            for part in module.into_iter().rev().chain(["crate"]) {
                segments.push_front(part.to_owned());
            }
        }
        self.names.push(Name { segments: segments.into(), line });
    }
}

impl Name {
    /// The module of this crate that the path leads into, if any.
    pub(super) fn module(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [root, module, ..] if root == "crate" || root == "terraform_provider_tke" => {
                Some(module)
            }
            _ => None,
        }
    }

    pub(super) fn starts_with(&self, path: &str) -> bool {
        let mut segments = self.segments.iter();
        path.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
    }

    /// Whether any segment is one of `words`.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.segments.iter().any(|segment| words.contains(&segment.as_str()))
    }

    /// As it would be written.
    pub(super) fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// Whether this is the `[cfg(test)]` of an attribute.
fn is_test(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group))
        if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// Drops an item: up to its semicolon or the end of its braces.
fn skip_item(tokens: &mut VecDeque<TokenTree>) {
    while let Some(token) = tokens.pop_front() {
        let braces =
            matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if braces || is_mark(Some(&token), ';') {
            return;
        }
    }
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, text: &str, expected: &[&str]) {
        let source = Source::parse(file, text).unwrap();
        let names: Vec<_> = source.names.iter().map(Name::text).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn comments_strings_and_lifetimes_name_nothing() {
        check("src/a.rs", "// cloud::b\n\"cloud::c\"; r#\"cloud\"#; &'static ()", &[]);
    }

    #[test]
    fn groups_are_opened() {
        check(
            "src/a.rs",
            "use crate::{cloud::{Client, Error as E}, cluster, rules::*};",
            &[
                "use",
                "crate::cloud::Client",
                "crate::cloud::Error",
                "crate::cluster",
                "crate::rules::*",
            ],
        );
    }

    #[test]
    fn super_is_resolved() {
        check("src/groups/actor.rs", "super::find()", &["crate::groups::find"]);
        check("src/groups/actor.rs", "super::super::cloud::call()", &["crate::cloud::call"]);
        check("src/groups.rs", "self::actor::run()", &["crate::groups::actor::run"]);
        check("src/groups.rs", "self.find", &["self", "find"]);
    }

    #[test]
    fn paths_end_at_generics() {
        check("src/a.rs", "client.call::<api::Find>()", &["client", "call", "api::Find"]);
    }

    #[test]
    fn tests_are_left_out() {
        check("src/a.rs", "#[cfg(test)] mod tests { use cloud::b; } a::b();", &["a::b"]);
        check("src/a.rs", "#[cfg(test)] use cloud::b; a::b();", &["a::b"]);
        check("src/a.rs", "#[cfg(test)] #[path = \"t.rs\"] mod tests; a::b();", &["a::b"]);
    }

    #[test]
    fn lines_are_known() {
        let source = Source::parse("src/a.rs", "\n\na::b").unwrap();
        assert_eq!(source.names[0].line, 3);
    }
}
