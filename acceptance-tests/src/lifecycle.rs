//! The life that every resource proves, from created to destroyed.

use std::{process::Command, time::Duration};

use serde_json::Value;
use tke_sandbox::faults::{Injection, Kind};

use crate::{Outside, TestContext, patiently};

/// One resource: its HCL at each stage, and what is expected there.
///
/// It must hold no id of the cloud, since each stage may run on another sandbox.
#[derive(Debug)]
pub struct Case {
    /// The address of the resource in all of the HCL below.
    pub address: &'static str,
    /// What it needs around it, at every stage.
    pub around: &'static str,
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
    pub drift: fn(&Outside<'_>, &Value),
    /// The attributes in which that must show.
    pub drifts: &'static [&'static str],
    /// Deletes the object outside Terraform.
    pub remove: fn(&Outside<'_>, &Value),
    /// The request that creates the object, as the sandbox's log names it.
    pub request: &'static str,
}

/// Proves the life of a resource.
#[track_caller]
pub fn lifecycle(case: &Case) {
    let context = TestContext::new();
    let before = context.held();
    let configure = |hcl: &str| context.configure(&format!("{}\n{hcl}", case.around));

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

    stage("drifted and healed");
    let healthy = context.held();
    (case.drift)(&context.outside(), &context.attributes(case.address));
    assert_ne!(context.held(), healthy, "nothing drifted");
    context.plan().assert_in_place(case.address, case.drifts);
    context.apply();
    assert_eq!(context.held(), healthy, "drift was not healed");
    context.assert_no_changes();

    stage("disappeared: create is planned");
    (case.remove)(&context.outside(), &context.attributes(case.address));
    context.plan().assert_actions(case.address, &["create"]);
    context.apply();
    context.assert_no_changes();

    stage("replaced where it must be");
    configure(case.replaced);
    context.plan().assert_actions(case.address, &["delete", "create"]);
    context.apply();
    context.assert_no_changes();

    stage("destroyed: the sandbox is as before");
    context.destroy();
    assert_eq!(context.held(), before);

    // Only the resource itself is to meet the fault.
    for answer in [Kind::LostAnswer, Kind::Latency] {
        configure("");
        context.apply();
        configure(case.created);
        let fault = Injection { latency_ms: 1500, ..Injection::new(case.request, answer) };
        context.sandbox().faults().add(fault);

        if answer == Kind::LostAnswer {
            stage("answer lost after the service said yes: nothing orphaned");
            context.try_apply();
        } else {
            stage("interrupted while the service says yes: nothing orphaned");
            interrupted_apply(&context);
        }
        context.sandbox().faults().clear();
        context.apply();
        context.assert_no_changes();
        context.destroy();
        assert_eq!(context.held(), before);
    }
}

/// Ctrl-C while the request that creates the object is on its way.
fn interrupted_apply(context: &TestContext) {
    let mut terraform = context.start("apply -auto-approve -input=false -no-color");
    let came = || (context.sandbox().faults().left() == 0).then_some(());
    patiently(Duration::from_mins(1), came).expect("the request does not come");
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
