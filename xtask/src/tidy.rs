//! `cargo xtask tidy`: the rules of ARCHITECTURE.md that a program can check.
//!
//! A finding is `file:line: what is wrong, and what to do`.

mod circles;
mod invariants;
mod manifest;
mod pages;
mod rules;
mod source;
mod style;
mod words;

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use self::source::Source;
use crate::{Result, root};

/// A rule: what it is about, and its findings in a repository.
type Rule = (&'static str, fn(&Tree) -> Vec<String>);

const RULES: &[Rule] = &[
    ("every file is Rust and starts with `//!`", headers),
    ("invariant 1: layers", invariants::layers),
    ("invariant 1: terms of Terraform", words::terraform_terms),
    ("invariant 2: generated types, sockets, environment", invariants::access),
    ("invariant 3: the sandbox shares no code", invariants::sandbox),
    ("invariant 4: resources and functions", invariants::components),
    ("invariant 5: names, features, globals", invariants::conventions),
    ("invariant 6: pure functions", invariants::purity),
    ("invariant 7: no circles between modules", circles::circles),
    ("invariant 8: one place renders remedies", style::one_remedy),
    ("style: modules before imports", style::modules_first),
    ("style: order of derives", style::derive_order),
    ("style: names of tests", style::test_names),
    ("style: subjects of commits", style::commit_subjects),
    ("words: retired", words::retired),
    ("words: a name for each type", words::type_names),
    ("resource, example and acceptance test", pages::pairs),
    ("rules of Terraform and their tests", rules::tested),
];

/// When the rules for commits came in.
const STYLED_SINCE: &str = "2026-11-25T10:30:00Z";

pub(crate) fn run() -> Result {
    let tree = Tree::read(root())?;
    let mut findings = 0;
    for (name, rule) in RULES {
        for finding in rule(&tree) {
            println!("{name}\n  {finding}");
            findings += 1;
        }
    }
    match findings {
        0 => Ok(()),
        1 => Err("tidy has 1 finding".into()),
        _ => Err(format!("tidy has {findings} findings").into()),
    }
}

/// A repository.
#[derive(Default)]
struct Tree {
    /// The text files by their path from its root.
    files: BTreeMap<String, String>,
    sources: Vec<Source>,
    /// What is wrong with the Rust files that cannot be read.
    unreadable: Vec<String>,
    /// The short id and the subject of the commits that the rules apply to.
    commits: Vec<(String, String)>,
}

impl Tree {
    fn read(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name().into_string().unwrap_or_default();
                if name.starts_with('.') || name == "target" {
                    continue;
                }
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(text) = fs::read_to_string(entry.path()) {
                    let file = entry.path().strip_prefix(root)?.to_string_lossy().into_owned();
                    files.insert(file, text);
                }
            }
        }
        Ok(Self { commits: commits(root), ..files.into() })
    }

    /// The Rust files under a folder. Those that cannot be read are found by [`headers`].
    fn sources<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Source> {
        self.sources.iter().filter(move |source| source.file.starts_with(folder))
    }

    /// Whether a file is a module that is compiled for tests only.
    fn is_for_tests(&self, file: &str) -> bool {
        self.sources.iter().any(|source| source.is_for_tests(file))
    }

    fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// The names of files and folders directly in a folder.
    fn list<'a>(&'a self, folder: &str) -> Vec<&'a str> {
        let inside = self.files.keys().filter_map(|file| file.strip_prefix(folder));
        let mut names: Vec<_> = inside.filter_map(|path| path.split('/').next()).collect();
        names.dedup();
        names
    }
}

impl From<BTreeMap<String, String>> for Tree {
    fn from(files: BTreeMap<String, String>) -> Self {
        let mut tree = Self { files, ..Self::default() };
        for (file, text) in tree.files.iter().filter(|(file, _)| is_rust(file)) {
            match Source::parse(file, text) {
                Ok(source) => tree.sources.push(source),
                Err(error) => tree.unreadable.push(error),
            }
        }
        tree
    }
}

/// The commits since the rules for them came in. There are none where the history is not there, as
/// in a release's archive.
fn commits(root: &Path) -> Vec<(String, String)> {
    let log = ["log", "--no-merges", "--format=%h %s", "--since", STYLED_SINCE];
    let log = Command::new("git").arg("-C").arg(root).args(log).output();
    let log = log.ok().filter(|log| log.status.success()).map(|log| log.stdout);
    let log = String::from_utf8(log.unwrap_or_default()).unwrap_or_default();
    let commits = log.lines().filter_map(|line| line.split_once(' '));
    commits.map(|(id, subject)| (id.to_owned(), subject.to_owned())).collect()
}

/// Every file says in its first line what it is about.
fn headers(tree: &Tree) -> Vec<String> {
    let files = tree.files.iter().filter(|(file, _)| is_rust(file));
    let headless = files.filter(|(_, text)| !text.starts_with("//!")).map(|(file, _)| {
        format!("{file}:1: start it with `//!` and one sentence on what it is for")
    });
    headless.chain(tree.unreadable.iter().cloned()).collect()
}

fn is_rust(file: &str) -> bool {
    has_extension(file, "rs")
}

fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a rule on a repository of these files.
    #[track_caller]
    pub(super) fn check(rule: fn(&Tree) -> Vec<String>, files: &[(&str, &str)], expected: &[&str]) {
        let files = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        let findings = rule(&files.collect::<BTreeMap<_, _>>().into());
        // The message may go on; the start names the place and the fault.
        let same = findings.len() == expected.len()
            && findings.iter().zip(expected).all(|(finding, start)| finding.starts_with(start));
        assert!(same, "expected {expected:#?}, found {findings:#?}");
    }

    #[test]
    fn file_without_header_is_found() {
        check(headers, &[("src/a.rs", "//! A.\nfn a() {}")], &[]);
        check(headers, &[("src/a.rs", "fn a() {}")], &["src/a.rs:1: start it with `//!`"]);
        check(headers, &[("src/a.rs", "//! A.\nfn a( {}")], &["src/a.rs: "]);
    }

    #[test]
    fn newest_commits_are_read_where_there_is_a_history() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(commits(folder.path()), []);
        let git = |arguments: &str| {
            let mut git = Command::new("git");
            git.current_dir(&folder).args(arguments.split(' '));
            let identity = ["GIT_AUTHOR", "GIT_COMMITTER"];
            for (key, value) in [("NAME", "a"), ("EMAIL", "a@example.com")] {
                git.envs(identity.map(|who| (format!("{who}_{key}"), value)));
            }
            git
        };
        git("init --quiet").status().unwrap();
        for (date, subject) in [("2026-11-01T00:00:00Z", "old"), ("2026-12-01T00:00:00Z", "new")] {
            let mut commit = git(&format!("commit --quiet --allow-empty --message {subject}"));
            commit.env("GIT_COMMITTER_DATE", date).status().unwrap();
        }
        let commits = commits(folder.path());
        let subjects: Vec<_> = commits.iter().map(|(_, subject)| subject.as_str()).collect();
        assert_eq!(subjects, ["new"]);
    }

    #[test]
    fn repository_is_read_without_what_is_built() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["src/a.rs", "target/debug/b.rs", ".git/c.rs"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "//! x").unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        assert_eq!(tree.files.keys().collect::<Vec<_>>(), ["src/a.rs"]);
    }
}
