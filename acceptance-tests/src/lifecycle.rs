//! The lifecycle that every resource is tested for, from created to destroyed.

use std::{process::Command, time::Duration};

use serde_json::Value;
use tke_sandbox::faults::Fault;

use crate::{OutOfBand, TestContext, poll};

/// One resource: its HCL at each stage, and what is expected there.
///
/// It must hold no id of the cloud, since each stage may run on another sandbox.
#[derive(Debug)]
pub struct Case {
    /// The address of the resource in all of the HCL below.
    pub address: &'static str,
    /// HCL of the resources that it depends on, at every stage.
    pub dependencies: &'static str,
    /// The resource as it is created.
    pub created: &'static str,
    /// The same with everything changed that can change in place.
    pub updated: &'static str,
    /// The attributes that this changes.
    pub updates: &'static [&'static str],
    /// A change of `updated` that only a new object can satisfy.
    pub replaced: &'static str,
    /// The id to import it by, from its attributes.
    pub import_id: fn(&Value) -> String,
    /// Changes the object outside Terraform.
    pub drift: fn(&OutOfBand<'_>, &Value),
    /// The attributes that this changes.
    pub drifted: &'static [&'static str],
    /// Deletes the object outside Terraform.
    pub remove: fn(&OutOfBand<'_>, &Value),
    /// The request that creates the object, as the sandbox's log names it.
    pub request: &'static str,
}

/// Takes a resource through its lifecycle.
#[track_caller]
pub fn lifecycle(case: &Case) {
    let context = TestContext::new();
    let before = context.sandbox_state();
    let configure = |hcl: &str| context.configure(&format!("{}\n{hcl}", case.dependencies));

    stage("created");
    configure(case.created);
    context.apply();

    stage("planned again: no changes");
    context.assert_no_changes();
    let id = (case.import_id)(&context.attributes(case.address));

    stage("imported by command: no changes");
    context.run(&format!("state rm {}", case.address));
    context.run(&format!("import -input=false -no-color {} {id}", case.address));
    context.assert_no_changes();

    stage("imported by block: no changes");
    context.run(&format!("state rm {}", case.address));
    context
        .write("import.tf", &format!("import {{\n  to = {}\n  id = \"{id}\"\n}}\n", case.address));
    context.plan().assert_imports(case.address, &id);
    context.apply();
    context.remove("import.tf");
    context.assert_no_changes();

    stage("updated in place");
    configure(case.updated);
    context.plan().assert_in_place(case.address, case.updates);
    context.apply();
    context.assert_no_changes();

    stage("drift is planned and corrected");
    let before_drift = context.sandbox_state();
    (case.drift)(&context.out_of_band(), &context.attributes(case.address));
    assert_ne!(context.sandbox_state(), before_drift, "nothing drifted");
    context.plan().assert_in_place(case.address, case.drifted);
    context.apply();
    assert_eq!(context.sandbox_state(), before_drift, "drift was not corrected");
    context.assert_no_changes();

    stage("deleted out of band: create is planned");
    (case.remove)(&context.out_of_band(), &context.attributes(case.address));
    context.plan().assert_actions(case.address, &["create"]);
    context.apply();
    context.assert_no_changes();

    stage("replaced");
    configure(case.replaced);
    context.plan().assert_actions(case.address, &["delete", "create"]);
    context.apply();
    context.assert_no_changes();

    stage("destroyed: the sandbox is as before");
    context.destroy();
    assert_eq!(context.sandbox_state(), before);

    // The fault is injected after the dependencies exist, so that only the resource meets it.
    for fault in [Fault::LostResponse, Fault::Latency { milliseconds: 1500 }] {
        configure("");
        context.apply();
        configure(case.created);
        context.inject(case.request, fault.clone());

        if fault == Fault::LostResponse {
            stage("created with a lost response: nothing is orphaned");
            context.try_apply();
        } else {
            stage("created while interrupted: nothing is orphaned");
            interrupted_apply(&context);
        }
        context.sandbox().faults().clear();
        context.apply();
        context.assert_no_changes();
        context.destroy();
        assert_eq!(context.sandbox_state(), before);
    }
}

/// Ctrl-C while the request that creates the object is on its way.
fn interrupted_apply(context: &TestContext) {
    let mut terraform = context.start("apply -auto-approve -input=false -no-color");
    let arrived = || (context.sandbox().faults().remaining() == 0).then_some(());
    poll(Duration::from_mins(1), arrived).expect("the request does not arrive");
    let process = terraform.id().to_string();
    let sent = Command::new("kill").args(["-INT", &process]).status();
    assert!(sent.is_ok_and(|status| status.success()), "Terraform ended too early");
    context.finish(&mut terraform);
}

/// Names the stage in the output of a test that fails.
#[expect(clippy::print_stderr, reason = "the harness shows it with the test that failed")]
fn stage(name: &str) {
    eprintln!("stage: {name}");
}
