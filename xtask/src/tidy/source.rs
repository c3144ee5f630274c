//! What a Rust file names: its paths, without comments, strings and tests.

use std::{collections::VecDeque, ops::RangeInclusive};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// One Rust file of the repository.
#[derive(Debug)]
pub(super) struct Source {
    /// Where it lies, from the root of the repository.
    pub(super) file: String,
    pub(super) names: Vec<Name>,
    /// What its `use` declarations bring into scope.
    pub(super) imports: Vec<Import>,
    /// The items that it defines.
    pub(super) definitions: Vec<Definition>,
    /// Its string literals, as written; those of doc comments are left out.
    pub(super) literals: Vec<Literal>,
    /// The file as it was parsed, with its tests.
    pub(super) tokens: TokenStream,
    /// The first and the last line of each item for tests only.
    test_items: Vec<RangeInclusive<usize>>,
    /// Its modules that are compiled for tests only and lie in files of their own.
    test_modules: Vec<String>,
}

/// A path in the code, from its root: `crate::cloud::Client` also where the file says
/// `use super::{cloud::{Client}}`. A field or method is a path of one segment.
#[derive(Debug, PartialEq)]
pub(super) struct Name {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

/// A name in scope, and the path that it stands for. The name is `*` for everything in a module.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) name: String,
    pub(super) path: Vec<String>,
}

/// `keyword name`, such as `struct Source`.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) keyword: String,
    pub(super) name: String,
    pub(super) line: usize,
}

/// A string literal with its quotes.
#[derive(Debug)]
pub(super) struct Literal {
    pub(super) text: String,
    pub(super) line: usize,
}

/// The keywords that define an item.
const DEFINING: &[&str] =
    &["const", "enum", "fn", "macro_rules", "mod", "static", "struct", "trait", "type", "union"];

/// Where in a file a scan is.
#[derive(Clone, Copy)]
struct Position<'a> {
    /// The modules with braces around this position, the outermost first.
    inline: &'a [String],
    /// Whether this is directly in a module, where items are defined.
    is_module: bool,
}

impl Source {
    /// Reads a file; what is not Rust is the error.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let tokens: TokenStream = text.parse().map_err(|error| format!("{file}: {error}"))?;
        let mut source = Self {
            file: file.to_owned(),
            names: Vec::new(),
            imports: Vec::new(),
            definitions: Vec::new(),
            literals: Vec::new(),
            tokens: tokens.clone(),
            test_items: Vec::new(),
            test_modules: Vec::new(),
        };
        source.scan(tokens, Position { inline: &[], is_module: true });
        Ok(source)
    }

    /// The module that the file is, from the root of its crate: `[cloud, sign]` for
    /// `src/cloud/sign.rs`.
    pub(super) fn module(&self) -> Vec<&str> {
        let (_, inside) = self.file.rsplit_once("src/").unwrap_or(("", &self.file));
        let parts = inside.trim_end_matches(".rs").split('/');
        parts.filter(|part| !["lib", "main"].contains(part)).collect()
    }

    /// Whether the module of this file declares `file`, or a folder above it, for tests only.
    pub(super) fn is_for_tests(&self, file: &str) -> bool {
        let folder = self.file.trim_end_matches(".rs");
        let folder = folder.strip_suffix("/lib").unwrap_or(folder);
        let inside = file.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        let module = inside.and_then(|rest| rest.trim_end_matches(".rs").split('/').next());
        module.is_some_and(|module| self.test_modules.iter().any(|name| name == module))
    }

    /// Whether a line belongs to an item for tests only.
    pub(super) fn is_test_line(&self, line: usize) -> bool {
        self.test_items.iter().any(|lines| lines.contains(&line))
    }

    fn scan(&mut self, tokens: TokenStream, position: Position<'_>) {
        let mut tokens: VecDeque<_> = tokens.into_iter().collect();
        while let Some(token) = tokens.pop_front() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_test(tokens.front()) => {
                    let (end, module) = skip_item(&mut tokens);
                    self.test_items.push(mark.span().start().line..=end);
                    self.test_modules.extend(module);
                }
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_doc(&tokens) => {
                    while tokens.pop_front().is_some_and(|token| is_mark(Some(&token), '!')) {}
                }
                // A lifetime is a quote and a name.
                TokenTree::Punct(mark) if mark.as_char() == '\'' => drop(tokens.pop_front()),
                TokenTree::Group(group) => {
                    self.scan(group.stream(), Position { is_module: false, ..position });
                }
                TokenTree::Ident(keyword) if keyword == "use" && !is_mark(tokens.front(), '<') => {
                    self.import(&mut tokens, &[], position);
                }
                TokenTree::Ident(keyword) if keyword == "mod" => {
                    self.define(&keyword, &tokens, position);
                    if let [TokenTree::Ident(name), TokenTree::Group(body)] =
                        &*tokens.iter().take(2).cloned().collect::<Vec<_>>()
                    {
                        tokens.drain(..2);
                        let inline = [position.inline, &[name.to_string()]].concat();
                        self.scan(body.stream(), Position { inline: &inline, ..position });
                    }
                }
                TokenTree::Ident(name) => {
                    self.define(&name, &tokens, position);
                    tokens.push_front(name.into());
                    self.path(&mut tokens, position);
                }
                TokenTree::Literal(literal) => {
                    let (text, line) = (literal.to_string(), literal.span().start().line);
                    if text.ends_with(['"', '#']) {
                        self.literals.push(Literal { text, line });
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Records the item that a keyword begins, if it is one.
    fn define(&mut self, keyword: &Ident, rest: &VecDeque<TokenTree>, position: Position<'_>) {
        let keyword = keyword.to_string();
        if !position.is_module || !DEFINING.contains(&keyword.as_str()) {
            return;
        }
        let is_name = |name: &&Ident| !["fn", "mut", "unsafe"].contains(&&*name.to_string());
        let name = rest.iter().take(2).find_map(|token| match token {
            TokenTree::Ident(name) => Some(name),
            _ => None,
        });
        if let Some(name) = name.filter(is_name) {
            let (line, name) = (name.span().start().line, name.to_string());
            self.definitions.push(Definition { keyword, name, line });
        }
    }

    /// Reads one path.
    fn path(&mut self, tokens: &mut VecDeque<TokenTree>, position: Position<'_>) {
        let mut segments = Vec::new();
        let mut line = 0;
        while let Some(token) = tokens.pop_front() {
            match token {
                TokenTree::Ident(name) => {
                    line = name.span().start().line;
                    segments.push(name.to_string());
                }
                other => tokens.push_front(other),
            }
            // `path::<T>` ends before the `<`.
            if !is_separator(tokens) || is_mark(tokens.get(2), '<') {
                break;
            }
            tokens.drain(..2);
        }
        let segments = self.resolve(segments, position);
        self.names.push(Name { segments, line });
    }

    /// Reads a `use`, or one tree in its braces, after `prefix`.
    fn import(
        &mut self,
        tokens: &mut VecDeque<TokenTree>,
        prefix: &[String],
        position: Position<'_>,
    ) {
        let mut path = prefix.to_vec();
        let mut line = 0;
        while let Some(token) = tokens.pop_front() {
            match token {
                TokenTree::Ident(name) => {
                    line = name.span().start().line;
                    path.push(name.to_string());
                }
                TokenTree::Group(group) => {
                    let mut inner: VecDeque<_> = group.stream().into_iter().collect();
                    while !inner.is_empty() {
                        self.import(&mut inner, &path, position);
                        while inner.pop_front().is_some_and(|token| !is_mark(Some(&token), ',')) {}
                    }
                    return;
                }
                TokenTree::Punct(mark) if mark.as_char() == '*' => path.push("*".to_owned()),
                other => tokens.push_front(other),
            }
            if !is_separator(tokens) {
                break;
            }
            tokens.drain(..2);
        }
        if path.len() > 1 {
            path.pop_if(|last| last == "self");
        }
        let alias = match (tokens.front(), tokens.get(1)) {
            (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(alias))) if word == "as" => {
                Some(alias.to_string())
            }
            _ => path.last().cloned(),
        };
        let path = self.resolve(path, position);
        self.names.push(Name { segments: path.clone(), line });
        self.imports.extend(alias.map(|name| Import { name, path }));
    }

    /// A path with `self` and `super` resolved.
    fn resolve(&self, segments: Vec<String>, position: Position<'_>) -> Vec<String> {
        let mut segments: VecDeque<_> = segments.into();
        let mut module = self.module();
        module.extend(position.inline.iter().map(String::as_str));
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
        segments.into()
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

/// Whether these are the `[doc = "…"]` or `![doc = "…"]` of a doc comment.
fn is_doc(tokens: &VecDeque<TokenTree>) -> bool {
    let attribute = tokens.iter().find(|token| !is_mark(Some(token), '!'));
    matches!(attribute, Some(TokenTree::Group(group))
        if matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc"))
}

/// Drops an item: up to its semicolon or the end of its braces. The answer is its last line, and
/// its name if it is a module in a file of its own.
fn skip_item(tokens: &mut VecDeque<TokenTree>) -> (usize, Option<String>) {
    let mut words = VecDeque::new();
    let mut line = 0;
    while let Some(token) = tokens.pop_front() {
        line = token.span().end().line;
        if is_mark(Some(&token), ';') {
            let module = words.pop_back();
            return (line, module.filter(|_| words.pop_back().is_some_and(|word| word == "mod")));
        }
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            TokenTree::Ident(word) => words.push_back(word.to_string()),
            _ => {}
        }
    }
    (line, None)
}

/// Whether the next tokens are `::`.
fn is_separator(tokens: &VecDeque<TokenTree>) -> bool {
    is_mark(tokens.front(), ':') && is_mark(tokens.get(1), ':')
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
    fn comments_strings_and_lifetimes_are_no_names() {
        check("src/a.rs", "// cloud::b\n\"cloud::c\"; r#\"cloud\"#; &'static ()", &[]);
    }

    #[test]
    fn braces_of_a_use_are_resolved() {
        check(
            "src/a.rs",
            "use crate::{cloud::{Client, Error as E}, cluster, rules::*};",
            &["crate::cloud::Client", "crate::cloud::Error", "crate::cluster", "crate::rules::*"],
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
    fn test_items_are_left_out() {
        check("src/a.rs", "#[cfg(test)] mod tests { use cloud::b; } a::b();", &["a::b"]);
        check("src/a.rs", "#[cfg(test)] use cloud::b; a::b();", &["a::b"]);
        check("src/a.rs", "#[cfg(test)] #[path = \"t.rs\"] mod tests; a::b();", &["a::b"]);
    }

    #[test]
    fn names_know_their_line() {
        let source = Source::parse("src/a.rs", "\n\na::b").unwrap();
        assert_eq!(source.names[0].line, 3);
    }
}
