//! The style rules of CONTRIBUTING.md that a program can check.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Tree, source::Source};

/// The order of derives; the others come after these.
const DERIVES: &[&str] =
    &["Model", "Clone", "Copy", "Debug", "Default", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash"];

/// What a diagnostic says above its remedy.
const REMEDY: &str = "What to do:";

/// Where diagnostics are made and rendered.
const DIAGNOSTICS: &[&str] = &["src/", "tf-provider/src/"];

/// The longest subject of a commit that Git's own tools show in full.
const LONGEST_SUBJECT: usize = 72;

/// The modules of a file stand above its imports.
pub(super) fn modules_first(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for source in handwritten(tree) {
        let mut imported = false;
        let mut for_tests = false;
        let text = tree.files.get(&source.file).map_or("", String::as_str);
        for (line, text) in (1..).zip(text.lines()) {
            let item = without_visibility(text);
            imported |= item.starts_with("use ");
            if imported && !for_tests && item.starts_with("mod ") && item.ends_with(';') {
                findings.push(format!(
                    "{}:{line}: `{item}` stands below a `use`; move it above all of them",
                    source.file
                ));
            }
            for_tests = text == "#[cfg(test)]" || for_tests && text.starts_with("#[");
        }
    }
    findings
}

/// Derives stand in one order.
pub(super) fn derive_order(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for source in handwritten(tree) {
        for attribute in attributes(&source.tokens) {
            let names = attribute.arguments("derive");
            let ranks: Vec<_> = names.iter().map(|name| rank(name)).collect();
            if !ranks.is_sorted() {
                let mut sorted = names.clone();
                sorted.sort_by_key(|name| rank(name));
                findings.push(format!(
                    "{}:{}: write these derives as `{}`",
                    source.file,
                    attribute.line,
                    sorted.join(", ")
                ));
            }
        }
    }
    findings
}

/// The name of a test says its subject and the outcome, which takes at least two words.
pub(super) fn test_names(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for source in handwritten(tree) {
        let attributes = attributes(&source.tokens);
        for attribute in attributes.iter().filter(|attribute| attribute.is_test()) {
            let Some(name) = attribute.function.as_deref() else { continue };
            if !name.contains('_') {
                findings.push(format!(
                    "{}:{}: test `{name}`: name the subject and the outcome, as in \
                     `create_with_lost_response_is_found_by_name`",
                    source.file, attribute.line
                ));
            }
        }
    }
    findings
}

/// Invariant 8: the part of a diagnostic that says what to do is rendered in one place.
pub(super) fn one_remedy(tree: &Tree) -> Vec<String> {
    let sources = DIAGNOSTICS.iter().flat_map(|folder| tree.sources(folder));
    let sources = sources.filter(|source| !tree.is_for_tests(&source.file));
    let places: Vec<_> = sources
        .flat_map(|source| {
            let literals = source.literals.iter().filter(|text| text.text.contains(REMEDY));
            literals.map(|literal| format!("{}:{}", source.file, literal.line))
        })
        .collect();
    match places.as_slice() {
        [_] => vec![],
        [] => vec![format!("tf-provider/src: no line renders \"{REMEDY}\"; correct this rule")],
        _ => vec![format!(
            "{}: \"{REMEDY}\" is written more than once; use `Diagnostic::remedy`",
            places.join(", ")
        )],
    }
}

/// The subject of a commit is `scope: content`, and short.
pub(super) fn commit_subjects(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (id, subject) in &tree.commits {
        let length = subject.chars().count();
        if length > LONGEST_SUBJECT {
            findings.push(format!(
                "commit {id}: the subject has {length} characters, of at most {LONGEST_SUBJECT}; \
                 move the details into the body: {subject}"
            ));
        }
        let scope = subject.split_once(": ").map_or("", |(scope, _)| scope);
        if scope.is_empty() || scope.contains(|c: char| c.is_whitespace() || c.is_uppercase()) {
            findings.push(format!(
                "commit {id}: begin the subject with its scope, as in \
                 `groups: retry stale writes with backoff`: {subject}"
            ));
        }
    }
    findings
}

/// The Rust files of the repository without those that a generator wrote.
fn handwritten(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.sources("").filter(|source| !source.file.contains("/generated/"))
}

fn without_visibility(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("pub") else { return line };
    let rest =
        rest.split_once(") ").filter(|_| rest.starts_with('(')).map_or(rest, |(_, rest)| rest);
    rest.trim_start()
}

fn rank(derive: &str) -> usize {
    DERIVES.iter().position(|known| *known == derive).unwrap_or(DERIVES.len())
}

/// `#[path(arguments)]`, and the function that follows it with nothing but other attributes and
/// keywords between them.
struct Attribute {
    line: usize,
    path: String,
    arguments: TokenStream,
    function: Option<String>,
}

impl Attribute {
    fn is_test(&self) -> bool {
        self.path == "test" || self.path.ends_with("::test")
    }

    /// What stands between the commas, if the attribute has this path.
    fn arguments(&self, path: &str) -> Vec<String> {
        let text = self.arguments.to_string().replace(' ', "");
        let arguments = text.split(',').filter(|text| !text.is_empty()).map(str::to_owned);
        arguments.filter(|_| self.path == path).collect()
    }
}

/// All attributes of a file, however deep.
fn attributes(tokens: &TokenStream) -> Vec<Attribute> {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let before = index.checked_sub(1).and_then(|before| tokens.get(before));
        let marked = matches!(before, Some(TokenTree::Punct(mark)) if mark.as_char() == '#');
        if group.delimiter() == Delimiter::Bracket && marked {
            let (arguments, path): (Vec<_>, Vec<_>) =
                group.stream().into_iter().partition(|token| matches!(token, TokenTree::Group(_)));
            let arguments = arguments.into_iter().map(|token| match token {
                TokenTree::Group(group) => group.stream(),
                token => token.into(),
            });
            found.push(Attribute {
                line: group.span_open().start().line,
                path: path.into_iter().collect::<TokenStream>().to_string().replace(' ', ""),
                arguments: arguments.collect(),
                function: function(tokens.get(index + 1..).unwrap_or_default()),
            });
        } else {
            found.extend(attributes(&group.stream()));
        }
    }
    found
}

/// The name after the first `fn`, if that comes before any braces.
fn function(tokens: &[TokenTree]) -> Option<String> {
    let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let mut words =
        tokens.iter().take_while(|token| !is_body(token)).filter_map(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            _ => None,
        });
    words.find(|word| word == "fn")?;
    words.next()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    #[test]
    fn module_below_an_import_is_refused() {
        check(
            modules_first,
            &[
                ("src/a.rs", "pub(crate) mod b;\npub mod c;\n\npub use self::b::B;\nmod d;"),
                ("src/e.rs", "use f::G;\n\n#[cfg(test)]\nmod tests;\n\npub mod inline {\n}"),
            ],
            &["src/a.rs:5: `mod d;` stands below a `use`"],
        );
    }

    #[test]
    fn derives_out_of_order_are_refused() {
        check(
            derive_order,
            &[
                (
                    "src/a.rs",
                    "#[derive(Model, Clone, Debug, PartialEq, Eq, thiserror::Error)] enum A {}",
                ),
                ("src/b.rs", "mod c {\n#[derive(Debug, Clone, Serialize)]\nstruct B; }"),
                ("src/generated/c.rs", "#[derive(Debug, Clone)] struct C;"),
            ],
            &["src/b.rs:2: write these derives as `Clone, Debug, Serialize`"],
        );
    }

    #[test]
    fn test_name_of_one_word_is_refused() {
        check(
            test_names,
            &[
                ("src/a.rs", "#[test]\n#[ignore]\nfn labels() {} fn other() {}"),
                (
                    "src/b.rs",
                    "mod tests { #[tokio::test(start_paused = true)] async fn words() {} }",
                ),
                ("src/c.rs", "#[test] fn ok_labels() {} #[derive(Debug)] struct A; fn plain() {}"),
            ],
            &["src/a.rs:1: test `labels`: name", "src/b.rs:1: test `words`: name"],
        );
    }

    #[test]
    fn other_than_one_place_that_renders_remedies_is_refused() {
        let files = [
            ("src/diagnostics.rs", "//! What to do:\nf(\"What to do: wait\")"),
            ("src/groups.rs", "#[cfg(test)] mod tests { \"What to do:\" }"),
            ("tf-provider/src/diagnostics.rs", "\nformat!(\"What to do: {remedy}\")"),
        ];
        check(one_remedy, &files[..2], &[]);
        check(one_remedy, &[], &["tf-provider/src: no line renders \"What to do:\""]);
        let both = "src/diagnostics.rs:2, tf-provider/src/diagnostics.rs:2: \"What to do:\" is";
        check(one_remedy, &files, &[both]);
    }

    #[test]
    fn commit_subject_without_scope_or_too_long_is_refused() {
        let subject = |subject: &str| {
            let commits = vec![("1a2b3c4".to_owned(), subject.to_owned())];
            let tree = Tree { commits, ..Tree::default() };
            commit_subjects(&tree)
        };
        let nothing: [String; 0] = [];
        assert_eq!(subject("groups: retry stale writes with backoff"), nothing);
        assert_eq!(subject("tf-provider/serve: close idle connections"), nothing);
        assert!(subject("Retry stale writes")[0].starts_with("commit 1a2b3c4: begin the subject"));
        assert!(subject("what it says: nothing")[0].starts_with("commit 1a2b3c4: begin"));
        let long = format!("groups: {}", "a".repeat(65));
        assert!(subject(&long)[0].starts_with("commit 1a2b3c4: the subject has 73 characters"));
    }
}
