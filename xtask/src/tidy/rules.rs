//! Every rule of Terraform that `tf-provider` keeps names the test that proves it.

use super::Tree;

const FOLDER: &str = "tf-provider/docs";
const PAGE: &str = "tf-provider/docs/rules.md";

/// A rule is one line, and ends with the tests as links: `- ◆ The rule. [test](../src/file.rs)`.
pub(super) fn tested(tree: &Tree) -> Vec<String> {
    let Some(page) = tree.files.get(PAGE) else {
        return vec![format!("{PAGE}: write the rules and their tests on this page")];
    };
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(page.lines()) {
        if !text.starts_with("- ") {
            continue;
        }
        let place = format!("{PAGE}:{line}");
        if !text.starts_with("- ◆ ") && !text.starts_with("- ○ ") {
            findings.push(format!("{place}: begin the rule with ◆ or ○"));
        }
        let links: Vec<_> = links(text).collect();
        if links.is_empty() {
            findings.push(format!("{place}: name a test that proves this rule"));
        }
        for (test, file) in links {
            let path = from(FOLDER, file);
            match tree.files.get(&path) {
                None => findings.push(format!("{place}: there is no {path}; correct the link")),
                Some(source) if !has_test(source, test) => {
                    findings.push(format!("{place}: {path} has no test `{test}`; write it"));
                }
                Some(_) => {}
            }
        }
    }
    findings
}

/// The name and the file of each `[name](file)`.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('[').skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("](")?;
        Some((name, rest.split_once(')')?.0))
    })
}

/// Where a link on a page of this folder leads.
fn from(folder: &str, link: &str) -> String {
    let mut path: Vec<_> = folder.split('/').collect();
    for part in link.split('/') {
        match part {
            ".." => drop(path.pop()),
            "." => {}
            part => path.push(part),
        }
    }
    path.join("/")
}

/// Whether a function of this name stands below an attribute that makes it a test.
fn has_test(source: &str, name: &str) -> bool {
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let signature = line.strip_prefix("async ").unwrap_or(line);
        if let Some(found) = signature.strip_prefix("fn ") {
            if is_test && found.split('(').next() == Some(name) {
                return true;
            }
            is_test = false;
        }
        is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    const SOURCE: (&str, &str) = (
        "tf-provider/src/a.rs",
        "#[test]\nfn one() {}\n\n#[tokio::test(start_paused = true)]\nasync fn two() {}\n\nfn none() {}",
    );

    #[test]
    fn rule_without_test_and_link_to_nothing_are_found() {
        let page = "# Rules\n\n- ◆ Yes. [one](../src/a.rs)\n- ○ No. [two](../src/a.rs)";
        check(tested, &[(PAGE, page), SOURCE], &[]);
        let page = "- ◆ A.\n- B. [one](../src/a.rs)\n- ○ C. [none](../src/a.rs) [one](../src/b.rs)";
        check(
            tested,
            &[(PAGE, page), SOURCE],
            &[
                "tf-provider/docs/rules.md:1: name a test",
                "tf-provider/docs/rules.md:2: begin the rule",
                "tf-provider/docs/rules.md:3: tf-provider/src/a.rs has no test `none`",
                "tf-provider/docs/rules.md:3: there is no tf-provider/src/b.rs",
            ],
        );
        check(tested, &[], &["tf-provider/docs/rules.md: write the rules"]);
    }
}
