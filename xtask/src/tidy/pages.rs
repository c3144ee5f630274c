//! What is offered has an example and an acceptance test, and nothing else has.

use super::Tree;

/// A folder of things offered, the folder of their examples, and the files of an example.
const OFFERED: &[(&str, &str, &[&str])] = &[
    (
        "src/resources/",
        "examples/resources/",
        &["resource.tf", "import.sh", "import-by-string-id.tf", "import-by-identity.tf"],
    ),
    ("src/data_sources/", "examples/data-sources/", &["data-source.tf"]),
];

const TESTS: &str = "acceptance-tests/tests/acceptance";

pub(super) fn pairs(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let main = format!("{TESTS}/main.rs");
    let listed = tree.files.get(&main).map_or("", String::as_str);
    for (things, examples, files) in OFFERED {
        let names: Vec<_> =
            tree.list(things).iter().filter_map(|file| file.strip_suffix(".rs")).collect();
        for name in &names {
            for file in *files {
                let example = format!("{examples}tke_{name}/{file}");
                if !tree.has(&example) {
                    findings.push(format!("{example}: add this example of {things}{name}.rs"));
                }
            }
            let test = format!("{TESTS}/{name}.rs");
            if !tree.has(&test) {
                findings.push(format!("{test}: add the acceptance test of {things}{name}.rs"));
            } else if !listed.contains(&format!("mod {name};")) {
                findings.push(format!("{main}: add `mod {name};`, or its tests never run"));
            }
        }
        for example in tree.list(examples) {
            let name = example.strip_prefix("tke_").unwrap_or(example);
            if !names.contains(&name) {
                let folder = format!("{examples}{example}");
                findings.push(format!("{folder}: remove it, or add {things}{name}.rs"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    #[test]
    fn component_without_example_or_test_is_found() {
        let whole = [
            ("src/resources/rule.rs", ""),
            ("examples/resources/tke_rule/resource.tf", ""),
            ("examples/resources/tke_rule/import.sh", ""),
            ("examples/resources/tke_rule/import-by-string-id.tf", ""),
            ("examples/resources/tke_rule/import-by-identity.tf", ""),
            ("acceptance-tests/tests/acceptance/rule.rs", ""),
            ("acceptance-tests/tests/acceptance/main.rs", "mod rule;"),
        ];
        check(pairs, &whole, &[]);
        check(pairs, &whole[1..], &["examples/resources/tke_rule: remove it"]);
        check(
            pairs,
            &whole[..1],
            &[
                "examples/resources/tke_rule/resource.tf: add this example",
                "examples/resources/tke_rule/import.sh: add this example",
                "examples/resources/tke_rule/import-by-string-id.tf: add this example",
                "examples/resources/tke_rule/import-by-identity.tf: add this example",
                "acceptance-tests/tests/acceptance/rule.rs: add the acceptance test",
            ],
        );
        check(pairs, &whole[..6], &["acceptance-tests/tests/acceptance/main.rs: add `mod rule;`"]);
    }

    #[test]
    fn data_source_without_example_or_test_is_found() {
        check(
            pairs,
            &[("src/data_sources/cluster.rs", "")],
            &[
                "examples/data-sources/tke_cluster/data-source.tf: add this example",
                "acceptance-tests/tests/acceptance/cluster.rs: add the acceptance test",
            ],
        );
    }
}
