//! Which core offers what: one table, proven here and printed in the documentation.

use std::{
    fmt::Write,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use crate::{
    core::{CORES, Core, KitchenSink},
    features::{FEATURES, Feature},
};

#[test]
fn terraform_1_11_offers_what_the_table_says() {
    check(CORES[0]);
}

#[test]
fn terraform_1_14_offers_what_the_table_says() {
    check(CORES[1]);
}

#[test]
fn terraform_1_15_offers_what_the_table_says() {
    check(CORES[2]);
}

#[test]
fn opentofu_offers_what_the_table_says() {
    check(CORES[3]);
}

/// Proves each feature, or that the core does not have it.
#[track_caller]
#[expect(clippy::print_stderr, reason = "the harness shows it where asked for")]
fn check(core: Core) {
    let Some(program) = core.program() else {
        eprintln!("skipped: {} is not installed; see `cargo xtask tools`", core.name());
        return;
    };
    let mut wrong = Vec::new();
    for Feature { name, since, proof } in FEATURES {
        eprintln!("{}: {name}", core.name());
        let passed =
            catch_unwind(AssertUnwindSafe(|| proof(&mut KitchenSink::new(&program)))).is_ok();
        match (core.offers(*since), passed) {
            (true, false) => wrong.push(format!("{name} fails")),
            (false, true) => wrong.push(format!("{name} is offered after all: mend the table")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", core.name());
}

#[test]
fn the_table_in_the_documentation_is_this_one() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tf-provider/docs/terraform_versions.md");
    let expected = page();
    if fs::read_to_string(&file).unwrap_or_default() != expected {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
        panic!("{} was out of date and is written anew: commit it", file.display());
    }
}

fn page() -> String {
    let mut page = "\
<!-- Written by acceptance-tests/tests/terraform_versions/table.rs. -->

# Cores and what they offer

The kitchen-sink provider (`tf-provider/examples/kitchen_sink`) is run by each of these programs with every test run.
✓: passed. –: not offered by that core, which the test makes sure of, too.

"
    .to_owned();
    let cores = CORES.map(|core| core.name()).join(" | ");
    writeln!(page, "| | {cores} |\n| --- |{}", " :-: |".repeat(CORES.len())).unwrap();
    for Feature { name, since, .. } in FEATURES {
        let cells = CORES.map(|core| if core.offers(*since) { "✓" } else { "–" }).join(" | ");
        writeln!(page, "| {name} | {cells} |").unwrap();
    }
    page
}

/// In CI every core has to be there: there a test that runs nothing proves nothing.
#[test]
fn no_core_is_missing_in_ci() {
    if std::env::var_os("CI").is_some() {
        let missing: Vec<_> =
            CORES.iter().filter(|core| core.program().is_none()).map(Core::name).collect();
        assert_eq!(missing, [""; 0]);
    }
}
