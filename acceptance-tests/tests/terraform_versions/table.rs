//! Which release supports what: one table, tested here and printed in the documentation.

use std::{
    fmt::Write,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use crate::{
    context::Context,
    features::{FEATURES, Feature},
    releases::{RELEASES, Release},
};

#[test]
fn terraform_1_11_supports_what_the_table_says() {
    check(RELEASES[0]);
}

#[test]
fn terraform_1_14_supports_what_the_table_says() {
    check(RELEASES[1]);
}

#[test]
fn terraform_1_15_supports_what_the_table_says() {
    check(RELEASES[2]);
}

#[test]
fn opentofu_supports_what_the_table_says() {
    check(RELEASES[3]);
}

/// Tests each feature, or that the release does not support it.
#[track_caller]
#[expect(clippy::print_stderr, reason = "the harness shows it where asked for")]
fn check(release: Release) {
    let Some(program) = release.program() else {
        eprintln!("skipped: {} is not installed; see `cargo xtask tools`", release.name());
        return;
    };
    let mut wrong = Vec::new();
    for Feature { name, since, test } in FEATURES {
        eprintln!("{}: {name}", release.name());
        let passed = catch_unwind(AssertUnwindSafe(|| test(&mut Context::new(&program)))).is_ok();
        match (release.supports(*since), passed) {
            (true, false) => wrong.push(format!("{name} fails")),
            (false, true) => {
                wrong.push(format!("{name} is supported after all: correct the table"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", release.name());
}

#[test]
fn documented_table_is_up_to_date() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tf-provider/docs/terraform_versions.md");
    let expected = page();
    if fs::read_to_string(&file).unwrap_or_default() != expected {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
        panic!("{} was out of date and has been written: commit it", file.display());
    }
}

fn page() -> String {
    let mut page = "\
<!-- Written by acceptance-tests/tests/terraform_versions/table.rs. -->

# Terraform versions and what they support

The kitchen-sink provider (`tf-provider/examples/kitchen_sink`) is run by each of these programs with every test run.
✓: passed. –: not offered by that release, which the test makes sure of, too.

"
    .to_owned();
    let releases = RELEASES.map(|release| release.name()).join(" | ");
    writeln!(page, "| | {releases} |\n| --- |{}", " :-: |".repeat(RELEASES.len())).unwrap();
    for Feature { name, since, .. } in FEATURES {
        let cells =
            RELEASES.map(|release| if release.supports(*since) { "✓" } else { "–" }).join(" | ");
        writeln!(page, "| {name} | {cells} |").unwrap();
    }
    page
}

/// Elsewhere a release that is not installed is skipped.
#[test]
fn every_release_is_installed_in_ci() {
    if std::env::var_os("CI").is_some() {
        let missing: Vec<_> = RELEASES
            .iter()
            .filter(|release| release.program().is_none())
            .map(Release::name)
            .collect();
        assert_eq!(missing, [""; 0]);
    }
}
