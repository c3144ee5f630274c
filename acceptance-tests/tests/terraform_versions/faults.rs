//! What goes wrong during an apply: the state is true afterwards, and the next apply sets it right.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use acceptance_tests::poll;
use serde_json::{Value, json};

use crate::core::{CORES, Core, KitchenSink};

/// One fault, what is done meanwhile, and what is expected then.
struct Case {
    /// As the kitchen-sink provider knows it: what, before or after the service has done it, and during what.
    fault: &'static str,
    harm: Harm,
    state: State,
    /// What the next plan intends.
    next: &'static [&'static str],
    /// How many objects nobody knows of afterwards.
    lost: usize,
}

/// What is done to the processes while the provider waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Harm {
    Nothing,
    Interrupt,
    InterruptTwice,
    KillProvider,
    KillCore,
}

/// What the state says of the object.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Absent,
    Present,
    /// To be replaced.
    Tainted,
}

use Harm::{Interrupt, InterruptTwice, KillCore, KillProvider, Nothing};
use State::{Absent, Present, Tainted};

const fn case(
    fault: &'static str,
    harm: Harm,
    state: State,
    next: &'static [&'static str],
) -> Case {
    Case { fault, harm, state, next, lost: 0 }
}

/// An object that was made, and of which the protocol left no way to tell: the answer to the call
/// is the only one, and the process that had to give it or the one that waited for it was killed.
/// See "What no provider can save" in `tf-provider/docs/lifecycle.md`.
const fn lost(fault: &'static str, harm: Harm) -> Case {
    Case { lost: 1, ..case(fault, harm, Absent, &["create"]) }
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
    lost("hang after create", InterruptTwice),
    case("hang before create", KillProvider, Absent, &["create"]),
    lost("hang after create", KillProvider),
    case("slow before create", KillCore, Absent, &["create"]),
    lost("slow after create", KillCore),
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
    case("slow before update", KillCore, Present, &["update"]),
    case("slow after update", KillCore, Present, &[]),
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
    case("slow before delete", KillCore, Present, &["delete"]),
    case("slow after delete", KillCore, Present, &[]),
];

#[test]
fn create_on_terraform() {
    check(CORES[0], CREATE);
}

#[test]
fn update_on_terraform() {
    check(CORES[0], UPDATE);
}

#[test]
fn delete_on_terraform() {
    check(CORES[0], DELETE);
}

/// A create is where a core has most to decide: what to keep, and what to taint. Python starts this
/// one and then runs nothing but Go, so signals reach it as they reach any other.
#[test]
fn create_on_newer_terraform() {
    check(CORES[2], CREATE);
}

#[test]
fn create_on_opentofu() {
    check(CORES[3], CREATE);
}

#[test]
fn update_on_opentofu() {
    check(CORES[3], UPDATE);
}

#[test]
fn delete_on_opentofu() {
    check(CORES[3], DELETE);
}

const MADE: &str = "resource \"kitchen_thing\" \"it\" {\n  name = \"It\"\n}\n";
const CHANGED: &str = "resource \"kitchen_thing\" \"it\" {\n  name = \"It\"\n  note = \"new\"\n}\n";

#[track_caller]
#[expect(clippy::print_stderr, reason = "the harness shows it with the test that failed")]
fn check(core: Core, cases: &[Case]) {
    let Some(program) = core.program() else {
        eprintln!("skipped: {} is not installed; see `cargo xtask tools`", core.name());
        return;
    };
    for case in cases {
        let harm = match case.harm {
            Nothing => "",
            Interrupt => ", interrupted",
            InterruptTwice => ", interrupted twice",
            KillProvider => ", the provider killed",
            KillCore => ", the core killed",
        };
        eprintln!("{}: {}{harm}", core.name(), case.fault);
        prove(&program, case);
    }
}

#[track_caller]
fn prove(program: &Path, case: &Case) {
    let mut sink = KitchenSink::new(program);
    let operation = case.fault.rsplit(' ').next().unwrap();
    if operation != "create" {
        sink.configure(MADE);
        sink.apply();
    }
    let (config, objects) = match operation {
        "create" => (MADE, 1),
        "update" => (CHANGED, 1),
        _ => ("", 0),
    };
    sink.configure(config);

    sink.set("KITCHEN_FAULT", case.fault);
    let mut core = sink.start("apply -auto-approve -input=false -no-color");
    if case.harm != Nothing {
        harm(case.harm, &mut core, &sink.folder().join("objects.waiting"));
    }
    let succeeded = sink.finish(&mut core);
    sink.unset("KITCHEN_FAULT");
    // What the service made otherwise is a warning; all else is a failure.
    assert_eq!(succeeded, case.fault.starts_with("change"));

    assert_eq!(state(&sink), case.state);
    let plan = sink.plan();
    let change = plan.json["resource_changes"][0]["change"]["actions"].clone();
    let expected = if case.next.is_empty() { json!(["no-op"]) } else { json!(case.next) };
    let change = if change.is_null() { json!(["no-op"]) } else { change };
    assert_eq!(change, expected, "{}", plan.text);
    sink.apply_plan();
    sink.assert_no_changes();
    assert_eq!(sink.count(), objects + case.lost);
}

/// Waits until the provider waits, and does it.
fn harm(harm: Harm, core: &mut Child, waiting: &Path) {
    let limit = Duration::from_secs(45);
    let waits = || fs::read_to_string(waiting).ok()?.parse().ok();
    let provider: u32 = poll(limit, waits).expect("it does not come");
    let process = core.id();
    match harm {
        Nothing => {}
        Interrupt => kill("-INT", process),
        InterruptTwice => {
            kill("-INT", process);
            std::thread::sleep(Duration::from_millis(500));
            kill("-INT", process);
        }
        KillProvider => kill("-KILL", provider),
        KillCore => {
            kill("-KILL", process);
            core.wait().unwrap();
        }
    }
    let process = PathBuf::from(format!("/proc/{provider}/exe"));
    let ended = || fs::read_link(&process).is_err().then_some(());
    poll(limit, ended).expect("it does not come");
}

fn kill(signal: &str, process: u32) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the process ended too early");
}

fn state(sink: &KitchenSink) -> State {
    let text = fs::read_to_string(sink.folder().join("terraform.tfstate")).unwrap_or_default();
    let state: Value = serde_json::from_str(&text).unwrap_or_default();
    let instance = &state["resources"][0]["instances"][0];
    match (instance.is_null(), instance["status"] == "tainted") {
        (true, _) => Absent,
        (_, true) => Tainted,
        _ => Present,
    }
}
