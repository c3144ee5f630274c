//! One idea has one word: retired words stay retired, layers below do not speak of Terraform, and
//! a type's name is not used twice.

use std::collections::BTreeMap;

use super::{
    Tree, has_extension,
    source::{Definition, Source},
};

/// Where a word is retired. Comments and pages quote code in backticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// As the name of a type or constant of ours, and where that is quoted: other crates may have it.
    Type,
    /// As any whole name in code, and where that is quoted: English may have it.
    Code,
    /// As a part of any name, and in English.
    Everywhere,
}

/// A retired word, where it is retired, and what to use instead.
type Retired = (&'static str, Scope, &'static str);

const RETIRED: &[Retired] = &[
    ("AGAIN", Scope::Code, "WRITE_RETRY"),
    ("Beside", Scope::Type, "NeighborFingerprints"),
    ("ByHand", Scope::Code, "NotRunByTerraform"),
    ("Contended", Scope::Code, "ConflictRetriesExhausted"),
    ("Decided", Scope::Type, "HookOutcome"),
    ("Declared", Scope::Type, "Declaration"),
    ("Door", Scope::Type, "Admission"),
    ("Effect", Scope::Type, "Idempotency"),
    ("Explain", Scope::Type, "DiagnosticSource"),
    ("FRESH", Scope::Code, "SNAPSHOT_TTL"),
    ("Holders", Scope::Type, "Usage"),
    ("LAST_ORDERS", Scope::Code, "TERMINATION_GRACE"),
    ("Look", Scope::Type, "Condition"),
    ("MAKE_WAY", Scope::Code, "DUPLICATE_GRACE"),
    ("Notes", Scope::Type, "OperationRecord"),
    ("OVERTAKEN", Scope::Code, "VERSION_RETRY"),
    ("Obstacle", Scope::Type, "Blocker"),
    ("Offer", Scope::Type, "Components"),
    ("Origin", Scope::Type, "PluginInfo"),
    ("QUIET", Scope::Code, "CLAIM_DEBOUNCE"),
    ("Refusal", Scope::Type, "ApiError"),
    ("STILL_HELD", Scope::Code, "IN_USE_POLL"),
    ("Span", Scope::Type, "GoDuration"),
    ("Stuck", Scope::Code, "WaitTimeout"),
    ("Surroundings", Scope::Type, "OperationEnv"),
    ("Unclear", Scope::Code, "Ambiguous"),
    ("Unconfirmed", Scope::Code, "Ambiguous"),
    ("Unsettled", Scope::Code, "Ambiguous"),
    ("alike", Scope::Code, "same_shape"),
    ("beside_rule", Scope::Code, "neighbors"),
    ("beyond", Scope::Code, "extra_fields"),
    ("corner", Scope::Code, "kitchen_sink"),
    ("could_not", Scope::Code, "error_diagnostic"),
    ("hand_over", Scope::Code, "transfer_ownership"),
    ("keeper", Scope::Everywhere, "actor"),
    ("lenient", Scope::Code, "parse_normalized"),
    ("mentioned_by", Scope::Everywhere, "referenced_by"),
    ("mentioning", Scope::Everywhere, "references"),
    ("patience", Scope::Everywhere, "poll"),
    ("respell", Scope::Everywhere, "keep_prior_spelling"),
    ("told", Scope::Code, "into_parts"),
    ("untold", Scope::Code, "into_parts"),
    ("withdraw", Scope::Code, "release_fields"),
];

/// The pages that tell of the past in its own words.
const HISTORY: &[&str] = &["CHANGELOG.md", "docs/decisions/"];

/// The folders of the layers that Terraform does not know, and that do not know it.
const BELOW_TERRAFORM: &[&str] =
    &["src/cloud", "src/cluster", "src/groups", "src/pods", "src/rules"];

/// What only somebody who speaks to a user of Terraform says.
const TERRAFORM_TERMS: &[&str] = &["-target", "provider block", "terraform", "tke_"];

/// The name under which services know this program.
const PRODUCT: &str = "terraform-provider-tke";

/// The name of types that may stand but a few times, since it says so little.
const KIND: (&str, usize) = ("Kind", 2);

/// Names that are read together with their module: `cloud::Error`.
const NAMED_BY_MODULE: &[&str] = &["Args", "Error", "Result"];

/// What a comment above a type begins with to give the reason for a name used twice.
const SAME_NAME: &str = "// same name: ";

/// Invariant 1: text for users of Terraform is written in `src/diagnostics/` only.
pub(super) fn terraform_terms(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let sources = BELOW_TERRAFORM.iter().flat_map(|folder| tree.sources(folder));
    for source in sources.filter(|source| !tree.is_for_tests(&source.file)) {
        for literal in &source.literals {
            let text = literal.text.replace(PRODUCT, "").to_lowercase();
            if let Some(term) = TERRAFORM_TERMS.iter().find(|term| text.contains(**term)) {
                findings.push(format!(
                    "{}:{}: `{term}` in a string: say what happened in types, and write the text \
                     for users in src/diagnostics",
                    source.file, literal.line
                ));
            }
        }
    }
    findings
}

/// Nothing is called by a retired word. There is one finding for each word and file.
pub(super) fn retired(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for source in own_code(tree) {
        let names = source.names.iter().flat_map(|name| {
            name.segments.iter().map(|segment| (name.line, retired_name(segment, Scope::Code)))
        });
        let definitions = source.definitions.iter();
        let definitions =
            definitions.map(|item| (item.line, retired_name(&item.name, Scope::Type)));
        let text = tree.files.get(&source.file).map_or("", String::as_str);
        let comments = comments(text).filter(|(line, _)| !source.is_test_line(*line));
        let comments = comments.map(|(line, comment)| (line, retired_text(comment)));
        findings.extend(first_of_each(&source.file, names.chain(definitions).chain(comments)));
    }
    let pages = tree.files.iter().filter(|(file, _)| {
        has_extension(file, "md") && !HISTORY.iter().any(|place| file.starts_with(place))
    });
    for (file, text) in pages {
        findings.extend(first_of_each(file, (1..).zip(text.lines().map(retired_text))));
    }
    findings
}

/// A finding for each retired word of a file, where it stands first.
fn first_of_each(
    file: &str,
    lines: impl Iterator<Item = (usize, Vec<&'static Retired>)>,
) -> impl Iterator<Item = String> {
    let mut first = BTreeMap::new();
    for (line, words) in lines {
        for (word, _, instead) in words {
            let known = first.entry((word, instead)).or_insert(line);
            *known = line.min(*known);
        }
    }
    first.into_iter().map(move |((word, instead), line)| {
        format!(
            "{file}:{line}: `{word}` is retired; use `{instead}`, or the term for what you mean"
        )
    })
}

/// A name stands for one type in each crate, and `Kind` for few in all of them.
pub(super) fn type_names(tree: &Tree) -> Vec<String> {
    let mut types: BTreeMap<(&str, &str), Vec<(&Source, &Definition)>> = BTreeMap::new();
    let mut kinds = Vec::new();
    for source in own_code(tree) {
        let name_a_type = ["enum", "struct", "trait", "type", "union"];
        let definitions = source.definitions.iter();
        for definition in definitions.filter(|item| name_a_type.contains(&&*item.keyword)) {
            if definition.name == KIND.0 {
                kinds.push(format!("{}:{}", source.file, definition.line));
            }
            if !NAMED_BY_MODULE.contains(&&*definition.name) {
                let crate_and_name = (crate_of(&source.file), &*definition.name);
                types.entry(crate_and_name).or_default().push((source, definition));
            }
        }
    }
    let mut findings = Vec::new();
    for ((_, name), places) in types {
        let reasoned = places.iter().any(|(source, definition)| {
            let text = tree.files.get(&source.file).map_or("", String::as_str);
            has_reason(text, definition.line)
        });
        if let [(first, item), (source, again), ..] = places.as_slice()
            && !reasoned
        {
            findings.push(format!(
                "{}:{}: `{name}` is also a type in {}:{}; rename one, or give the reason above it \
                 after `{}`",
                source.file,
                again.line,
                first.file,
                item.line,
                SAME_NAME.trim_end()
            ));
        }
    }
    if kinds.len() > KIND.1 {
        let (name, most) = KIND;
        findings.push(format!(
            "{}: {} types are named `{name}`, of at most {most}; say the kind of what",
            kinds.join(", "),
            kinds.len()
        ));
    }
    findings
}

/// The Rust files that are written by hand and are no tests.
fn own_code(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.sources("").filter(|source| {
        let mut folders = source.file.split('/');
        !folders.any(|folder| ["benches", "examples", "generated", "tests"].contains(&folder))
            && !tree.is_for_tests(&source.file)
    })
}

/// The folder of the crate that a file belongs to.
fn crate_of(file: &str) -> &str {
    file.rsplit_once("src/").map_or("", |(folder, _)| folder)
}

/// Whether the comments and attributes right above a line give the reason for a name used twice.
fn has_reason(text: &str, line: usize) -> bool {
    let above: Vec<_> = text.lines().take(line.saturating_sub(1)).map(str::trim).collect();
    let mut above = above.into_iter().rev().take_while(|line| line.starts_with(['/', '#']));
    above.any(|line| line.strip_prefix(SAME_NAME).is_some_and(|reason| !reason.is_empty()))
}

/// The comments of a Rust file with their lines, doc comments included.
fn comments(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter_map(|(line, text)| {
        let start = if text.trim_start().starts_with("//") { Some(0) } else { text.find(" // ") };
        Some((line, text.get(start?..)?))
    })
}

/// The retired words in a name, at least of this scope.
fn retired_name(name: &str, least: Scope) -> Vec<&'static Retired> {
    let found = RETIRED.iter().filter(|(word, scope, _)| match scope {
        Scope::Everywhere => has_words(&words(name), &words(word)),
        scope => *scope >= least && name == *word,
    });
    found.collect()
}

/// The retired words in English, and in the code that it quotes in backticks.
fn retired_text(text: &str) -> Vec<&'static Retired> {
    let quoted = text.split('`').skip(1).step_by(2);
    let names = quoted.flat_map(|code| code.split(|c: char| c != '_' && !c.is_alphanumeric()));
    let quoted = names.flat_map(|name| retired_name(name, Scope::Type));
    let english = RETIRED.iter().filter(|(word, scope, _)| {
        *scope == Scope::Everywhere && has_words(&words(text), &words(word))
    });
    quoted.chain(english).collect()
}

fn has_words(text: &[String], words: &[String]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}

/// The words of a name or a sentence, in lower case: `rule` and `id` for `RuleId`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for letter in text.chars() {
        let ends = !letter.is_alphanumeric() || after_lower && letter.is_uppercase();
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase();
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    #[test]
    fn terraform_terms_below_the_resources_are_refused() {
        check(
            terraform_terms,
            &[
                ("src/cloud/error.rs", "#[error(\"set it in the provider block\")] struct E;"),
                ("src/cluster.rs", "format!(\"run Terraform with {x}\")"),
                ("src/groups.rs", "mod fake; f(r#\"-target\"#)"),
                ("src/pods.rs", "\n\"import tke_security_group\""),
            ],
            &[
                "src/cloud/error.rs:1: `provider block` in a string",
                "src/cluster.rs:1: `terraform` in a string",
                "src/groups.rs:1: `-target` in a string",
                "src/pods.rs:2: `tke_` in a string",
            ],
        );
    }

    #[test]
    fn terraform_terms_elsewhere_are_left_alone() {
        check(
            terraform_terms,
            &[
                (
                    "src/cloud.rs",
                    "//! Not of Terraform.\nconst AGENT: &str = \"terraform-provider-tke/1\";",
                ),
                ("src/diagnostics.rs", "\"run terraform apply\""),
                ("src/groups.rs", "#[cfg(test)] mod fake; #[cfg(test)] mod tests { \"tke_a\" }"),
                ("src/groups/fake.rs", "\"terraform\""),
            ],
            &[],
        );
    }

    #[test]
    fn retired_words_are_refused_in_code_comments_and_pages() {
        check(
            retired,
            &[
                ("README.md", "Ask the keeper.\nSee `groups::Beside` for it."),
                ("src/a.rs", "struct RuleKeeper; fn told() {} struct Look;"),
                ("src/b.rs", "/// Mentioned by it.\nenum E {\n    Stuck, // `l::FRESH`, Stuck\n}"),
                ("xtask/src/c.rs", "static MAKE_WAY: u8 = 1; self.could_not(x)"),
            ],
            &[
                "src/a.rs:1: `Look` is retired; use `Condition`",
                "src/a.rs:1: `keeper` is retired",
                "src/a.rs:1: `told` is retired",
                "src/b.rs:3: `FRESH` is retired",
                "src/b.rs:3: `Stuck` is retired; use `WaitTimeout`",
                "src/b.rs:1: `mentioned_by` is retired",
                "xtask/src/c.rs:1: `MAKE_WAY` is retired",
                "xtask/src/c.rs:1: `could_not` is retired",
                "README.md:2: `Beside` is retired; use `NeighborFingerprints`",
                "README.md:1: `keeper` is retired; use `actor`",
            ],
        );
    }

    #[test]
    fn retired_words_in_english_tests_and_history_are_left_alone() {
        check(
            retired,
            &[
                ("CHANGELOG.md", "the keeper"),
                ("docs/decisions/0001-a.md", "the keeper"),
                ("README.md", "The groups beside it are told. Look, nothing is beyond `a.looks`."),
                ("src/a.rs", "// A note beside it.\nfn look(notes: u8) { \"the keeper\" }"),
                ("src/b.rs", "#[cfg(test)]\nmod tests {\n    // The keeper.\n    fn told() {}\n}"),
                ("src/c.rs", "use jiff::Span; fn index_beyond_end() {}"),
                ("tests/d.rs", "fn told() {}"),
            ],
            &[],
        );
    }

    #[test]
    fn type_name_used_twice_in_a_crate_needs_a_reason() {
        check(
            type_names,
            &[
                ("src/a.rs", "struct Tag; enum Error {} struct Cause;"),
                ("src/b.rs", "enum Error {}\n\ntype Tag = u8;"),
                ("src/c.rs", "/// Why.\n// same name: that one is of the wire\nstruct Cause;"),
                ("sandbox/src/a.rs", "struct Tag;"),
            ],
            &["src/b.rs:3: `Tag` is also a type in src/a.rs:1; rename one"],
        );
    }

    #[test]
    fn third_type_named_kind_is_refused() {
        let kind = "enum Kind {}";
        let files = [("a/src/a.rs", kind), ("b/src/a.rs", kind), ("c/src/a.rs", kind)];
        check(type_names, &files[..2], &[]);
        check(type_names, &files, &["a/src/a.rs:1, b/src/a.rs:1, c/src/a.rs:1: 3 types are named"]);
    }
}
