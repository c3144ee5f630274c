//! Faults during an apply: the state is true afterwards, and the next apply corrects the rest.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use acceptance_tests::poll;
use serde_json::{Value, json};

use crate::{
    context::Context,
    releases::{RELEASES, Release},
};

/// One fault, what happens meanwhile, and what is expected then.
struct Case {
    /// The value of `KITCHEN_FAULT`: what fails, before or after the service acts, and in which operation.
    fault: &'static str,
    disruption: Disruption,
    state: State,
    /// What the next plan intends.
    next: &'static [&'static str],
    /// How many objects are in no state afterwards.
    orphaned: usize,
}

/// What happens to the processes while the provider waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disruption {
    Nothing,
    Interrupt,
    InterruptTwice,
    KillProvider,
    KillTerraform,
}

/// What the state says of the object.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Absent,
    Present,
    /// To be replaced.
    Tainted,
}

use Disruption::{Interrupt, InterruptTwice, KillProvider, KillTerraform, Nothing};
use State::{Absent, Present, Tainted};

const fn case(
    fault: &'static str,
    disruption: Disruption,
    state: State,
    next: &'static [&'static str],
) -> Case {
    Case { fault, disruption, state, next, orphaned: 0 }
}

/// The service created an object, and the process that had to report it, or the one that waited for
/// the report, was killed: the protocol has no other way to learn of it.
/// See "What no provider can save" in `tf-provider/docs/lifecycle.md`.
const fn orphaned(fault: &'static str, disruption: Disruption) -> Case {
    Case { orphaned: 1, ..case(fault, disruption, Absent, &["create"]) }
}

const CREATE: &[Case] = &[
    case("panic before create", Nothing, Absent, &["create"]),
    case("error before create", Nothing, Absent, &["create"]),
    case("panic after create", Nothing, Tainted, &["delete", "create"]),
    case("error after create", Nothing, Tainted, &["delete", "create"]),
    case("change after create", Nothing, Present, &["update"]),
    case("slow before create", Interrupt, Absent, &["create"]),
    case("slow after create", Interrupt, Tainted, &["delete", "create"]),
    case("hang before create", InterruptTwice, Absent, &["create"]),
    orphaned("hang after create", InterruptTwice),
    case("hang before create", KillProvider, Absent, &["create"]),
    orphaned("hang after create", KillProvider),
    case("slow before create", KillTerraform, Absent, &["create"]),
    orphaned("slow after create", KillTerraform),
];

const UPDATE: &[Case] = &[
    case("panic before update", Nothing, Present, &["update"]),
    case("error before update", Nothing, Present, &["update"]),
    case("panic after update", Nothing, Present, &[]),
    case("error after update", Nothing, Present, &[]),
    case("change after update", Nothing, Present, &["update"]),
    case("slow before update", Interrupt, Present, &["update"]),
    case("slow after update", Interrupt, Present, &[]),
    case("hang before update", InterruptTwice, Present, &["update"]),
    case("hang after update", InterruptTwice, Present, &[]),
    case("hang before update", KillProvider, Present, &["update"]),
    case("hang after update", KillProvider, Present, &[]),
    case("slow before update", KillTerraform, Present, &["update"]),
    case("slow after update", KillTerraform, Present, &[]),
];

const DELETE: &[Case] = &[
    case("panic before delete", Nothing, Present, &["delete"]),
    case("error before delete", Nothing, Present, &["delete"]),
    case("panic after delete", Nothing, Present, &[]),
    case("error after delete", Nothing, Present, &[]),
    case("slow before delete", Interrupt, Present, &["delete"]),
    case("slow after delete", Interrupt, Present, &[]),
    case("hang before delete", InterruptTwice, Present, &["delete"]),
    case("hang after delete", InterruptTwice, Present, &[]),
    case("hang before delete", KillProvider, Present, &["delete"]),
    case("hang after delete", KillProvider, Present, &[]),
    case("slow before delete", KillTerraform, Present, &["delete"]),
    case("slow after delete", KillTerraform, Present, &[]),
];

#[test]
fn failed_create_leaves_true_state_on_terraform_1_11() {
    check(RELEASES[0], CREATE);
}

#[test]
fn failed_update_leaves_true_state_on_terraform_1_11() {
    check(RELEASES[0], UPDATE);
}

#[test]
fn failed_delete_leaves_true_state_on_terraform_1_11() {
    check(RELEASES[0], DELETE);
}

/// In a create Terraform decides most: what to keep, and what to taint.
#[test]
fn failed_create_leaves_true_state_on_terraform_1_15() {
    check(RELEASES[2], CREATE);
}

#[test]
fn failed_create_leaves_true_state_on_opentofu() {
    check(RELEASES[3], CREATE);
}

#[test]
fn failed_update_leaves_true_state_on_opentofu() {
    check(RELEASES[3], UPDATE);
}

#[test]
fn failed_delete_leaves_true_state_on_opentofu() {
    check(RELEASES[3], DELETE);
}

const CREATED: &str = "resource \"kitchen_thing\" \"it\" {\n  name = \"It\"\n}\n";
const UPDATED: &str = "resource \"kitchen_thing\" \"it\" {\n  name = \"It\"\n  note = \"new\"\n}\n";

#[track_caller]
#[expect(clippy::print_stderr, reason = "the harness shows it with the test that failed")]
fn check(release: Release, cases: &[Case]) {
    let Some(program) = release.program() else {
        eprintln!("skipped: {} is not installed; see `cargo xtask tools`", release.name());
        return;
    };
    for case in cases {
        let disruption = match case.disruption {
            Nothing => "",
            Interrupt => ", interrupted",
            InterruptTwice => ", interrupted twice",
            KillProvider => ", the provider killed",
            KillTerraform => ", Terraform killed",
        };
        eprintln!("{}: {}{disruption}", release.name(), case.fault);
        check_case(&program, case);
    }
}

#[track_caller]
fn check_case(program: &Path, case: &Case) {
    let mut context = Context::new(program);
    let operation = case.fault.rsplit(' ').next().unwrap();
    if operation != "create" {
        context.configure(CREATED);
        context.apply();
    }
    let (config, objects) = match operation {
        "create" => (CREATED, 1),
        "update" => (UPDATED, 1),
        _ => ("", 0),
    };
    context.configure(config);

    context.set("KITCHEN_FAULT", case.fault);
    let mut terraform = context.start("apply -auto-approve -input=false -no-color");
    if case.disruption != Nothing {
        disrupt(case.disruption, &mut terraform, &context.folder().join("objects.waiting"));
    }
    let succeeded = context.finish(&mut terraform);
    context.unset("KITCHEN_FAULT");
    // A service that changes what it was asked for is a warning; all other faults are errors.
    assert_eq!(succeeded, case.fault.starts_with("change"));

    assert_eq!(state(&context), case.state);
    let plan = context.plan();
    let change = plan.json["resource_changes"][0]["change"]["actions"].clone();
    let expected = if case.next.is_empty() { json!(["no-op"]) } else { json!(case.next) };
    let change = if change.is_null() { json!(["no-op"]) } else { change };
    assert_eq!(change, expected, "{}", plan.text);
    context.apply_plan();
    context.assert_no_changes();
    assert_eq!(context.count(), objects + case.orphaned);
}

/// Disrupts the processes when the provider waits.
fn disrupt(disruption: Disruption, terraform: &mut Child, waiting: &Path) {
    let limit = Duration::from_secs(45);
    let waits = || fs::read_to_string(waiting).ok()?.parse().ok();
    let provider: u32 = poll(limit, waits).expect("the provider does not wait");
    let process = terraform.id();
    match disruption {
        Nothing => {}
        Interrupt => kill("-INT", process),
        InterruptTwice => {
            kill("-INT", process);
            std::thread::sleep(Duration::from_millis(500));
            kill("-INT", process);
        }
        KillProvider => kill("-KILL", provider),
        KillTerraform => {
            kill("-KILL", process);
            terraform.wait().unwrap();
        }
    }
    let process = PathBuf::from(format!("/proc/{provider}/exe"));
    let ended = || fs::read_link(&process).is_err().then_some(());
    poll(limit, ended).expect("the provider does not end");
}

fn kill(signal: &str, process: u32) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the process ended too early");
}

fn state(context: &Context) -> State {
    let text = fs::read_to_string(context.folder().join("terraform.tfstate")).unwrap_or_default();
    let state: Value = serde_json::from_str(&text).unwrap_or_default();
    let instance = &state["resources"][0]["instances"][0];
    match (instance.is_null(), instance["status"] == "tainted") {
        (true, _) => Absent,
        (_, true) => Tainted,
        _ => Present,
    }
}
