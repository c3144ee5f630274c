//! `cargo xtask quickstart`: the product's main job as a newcomer sees it, told as a story.
//!
//! Real Terraform applies `examples/quickstart` to the sandbox. Every step says what it proved, and
//! fails where it proved nothing.

use std::{collections::BTreeSet, fs, path::Path, time::Instant};

use serde_json::{Value, json};

use crate::{
    Result, ensure, root,
    sandbox::Sandbox,
    steps::{self, build_programs},
    target,
    terraform::{Choice, Terraform},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Destroy nothing at the end and leave the sandbox running, to go on by hand.
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    choice: Choice,
}

const POLICY: &str = "/apis/vpcresources.tke.cloud.tencent.com/v1beta1/namespaces/my-namespace\
                      /securitygrouppolicies/my-security-group-policy";

pub(crate) fn run(args: &Args) -> Result {
    let mut story = Story::default();
    let program = args.choice.find()?;

    story.step("Build the provider and the sandbox (the first time takes some minutes)");
    steps::run(&mut build_programs())?;

    story.step("Start the sandbox: a Tencent Cloud and a cluster on this machine only");
    let folder = tempfile::Builder::new().prefix("tke-quickstart-").tempdir()?;
    let sandbox = Sandbox::start(folder.path())?;
    copy_configuration(folder.path())?;
    let provider = target()?.join("debug");
    let terraform = Terraform::new(program, folder.path(), &provider, sandbox.environment())?;
    let version = terraform.run("version")?;
    tell(&format!("{} plays both, with one cluster, my-cluster.", sandbox.url()));
    tell(&format!("{} runs examples/quickstart.", version.lines().next().unwrap_or_default()));
    let before = sandbox.state()?;

    story.step("terraform apply");
    let (_, plan) = terraform.plan()?;
    terraform.run("apply -input=false -no-color plan")?;
    tell(summary(&plan));
    let workers = output(&terraform, "worker_security_group_id")?;
    let pods = output(&terraform, "security_group_id")?;
    ensure(policy_groups(&sandbox)? == json!([pods]), "the policy does not name the group")?;
    proved("one apply reached both sides:");
    tell(&format!("  cloud    {pods} with its two rules; {workers} accepts DNS from it"));
    tell("  cluster  the policy that gives the group to Pods labelled app=my-app");

    story.step("terraform plan");
    let (changes, plan) = terraform.plan()?;
    ensure(!changes, format!("there should be nothing to change, but:\n\n{plan}"))?;
    proved("No changes: what is read back means what was written.");

    story.step("Somebody changes things behind Terraform's back");
    add_foreign_rule(&sandbox, &pods)?;
    let healed = sandbox.state()?;
    edit_dns_rule(&sandbox, &workers)?;
    sandbox
        .edit(POLICY, &json!({ "spec": { "securityGroups": { "groupIds": [pods, workers] } } }))?;
    tell("cloud    port 53 becomes 5353 in the rule that lets Pods ask for names over UDP");
    tell("cloud    a new rule opens TCP 22 of the Pods to the world");
    tell("cluster  `kubectl edit` gives the Pods the group of the worker nodes as well");

    story.step("terraform plan, and this is what it prints:");
    let (_, plan) = terraform.plan()?;
    println!("\n{}", without_progress(&plan));
    let drift = changed(&terraform.planned()?);
    let expected = [
        ("tke_security_group_policy.app", "security_group_ids"),
        ("tke_security_group_rule.dns[\"UDP\"]", "port"),
    ];
    let expected = expected.map(|(address, attribute)| (address.to_owned(), attribute.to_owned()));
    ensure(drift == BTreeSet::from(expected), format!("another drift was planned: {drift:?}"))?;
    proved("the drift of both sides is seen, attribute by attribute, and mends in place.");

    story.step("terraform apply");
    terraform.run("apply -input=false -no-color plan")?;
    ensure(sandbox.state()? == healed, "the sandbox does not hold what the configuration says")?;
    proved("both sides hold what the configuration says. The rule for port 22 is in nobody's");
    tell("configuration: no plan touches what Terraform does not own.");

    if args.keep {
        keep(folder, sandbox, &terraform);
        return Ok(());
    }

    story.step("terraform destroy");
    terraform.run("destroy -auto-approve -input=false -no-color")?;
    ensure(sandbox.state()? == before, "the sandbox is not as it was before the first apply")?;
    proved("cloud and cluster are as they were before the first apply.");

    println!("\nDone in {:.0} s. Nothing is left running.", story.start.elapsed().as_secs_f64());
    println!(
        "The configuration is examples/quickstart/main.tf; with keys and a cluster of your own"
    );
    println!("in the environment, it is meant for the real cloud as it stands.");
    Ok(())
}

/// Numbered steps, and under each what it showed.
struct Story {
    step: usize,
    start: Instant,
}

impl Default for Story {
    fn default() -> Self {
        Self { step: 0, start: Instant::now() }
    }
}

impl Story {
    fn step(&mut self, title: &str) {
        self.step += 1;
        println!("\n{}. {title}", self.step);
    }
}

fn tell(line: &str) {
    println!("   {line}");
}

fn proved(what: &str) {
    println!("   ✓ {what}");
}

fn copy_configuration(folder: &Path) -> Result {
    for file in fs::read_dir(root().join("examples/quickstart"))? {
        let file = file?;
        fs::copy(file.path(), folder.join(file.file_name()))?;
    }
    Ok(())
}

fn output(terraform: &Terraform, name: &str) -> Result<String> {
    let value = terraform.run(&format!("output -raw -no-color {name}"))?;
    Ok(value.trim().to_owned())
}

fn policy_groups(sandbox: &Sandbox) -> Result<Value> {
    let policy = sandbox.get(POLICY)?;
    Ok(policy["spec"]["securityGroups"]["groupIds"].clone())
}

/// Opens the Pods' group where nobody asked for it.
fn add_foreign_rule(sandbox: &Sandbox, group: &str) -> Result {
    let rule = json!({
        "Action": "ACCEPT", "Protocol": "TCP", "Port": "22", "CidrBlock": "0.0.0.0/0",
    });
    let rules =
        json!({ "SecurityGroupId": group, "SecurityGroupPolicySet": { "Ingress": [rule] } });
    sandbox.call("CreateSecurityGroupPolicies", &rules).map(drop)
}

/// Moves the UDP rule of the quickstart to another port, where it stands.
fn edit_dns_rule(sandbox: &Sandbox, group: &str) -> Result {
    let held =
        sandbox.call("DescribeSecurityGroupPolicies", &json!({ "SecurityGroupId": group }))?;
    let rules = held["SecurityGroupPolicySet"]["Ingress"].as_array().cloned().unwrap_or_default();
    let udp = |rule: &&Value| rule["PolicyDescription"] == "DNS over UDP from my-app";
    let rule = rules.iter().find(udp).ok_or("the worker group has no rule for DNS over UDP")?;
    let edited = json!({
        "PolicyIndex": rule["PolicyIndex"],
        "Action": rule["Action"],
        "Protocol": rule["Protocol"],
        "Port": "5353",
        "SecurityGroupId": rule["SecurityGroupId"],
        "PolicyDescription": rule["PolicyDescription"],
    });
    let rules =
        json!({ "SecurityGroupId": group, "SecurityGroupPolicySet": { "Ingress": [edited] } });
    sandbox.call("ReplaceSecurityGroupPolicies", &rules).map(drop)
}

/// `Plan: 5 to add, …`
fn summary(plan: &str) -> &str {
    plan.lines().find(|line| line.starts_with("Plan: ")).unwrap_or("Nothing to do.")
}

/// What Terraform prints after it has read everything.
fn without_progress(plan: &str) -> &str {
    let progress = [": Refreshing state...", ": Reading...", ": Read complete after"];
    let lines = plan.split_inclusive('\n');
    let shown = lines.scan(0, |end, line| {
        *end += line.len();
        Some((*end, line))
    });
    let last = shown.filter(|(_, line)| progress.iter().any(|part| line.contains(part))).last();
    plan.get(last.map_or(0, |(end, _)| end)..).unwrap_or(plan).trim()
}

/// Address and attribute of every value that the plan changes to another known value.
fn changed(plan: &Value) -> BTreeSet<(String, String)> {
    let mut changed = BTreeSet::new();
    for resource in plan["resource_changes"].as_array().into_iter().flatten() {
        let change = &resource["change"];
        let address = resource["address"].as_str().unwrap_or_default();
        for (attribute, after) in change["after"].as_object().into_iter().flatten() {
            // The id of a rule follows from its content.
            if attribute != "id" && *after != change["before"][attribute] {
                changed.insert((address.to_owned(), attribute.clone()));
            }
        }
    }
    changed
}

fn keep(folder: tempfile::TempDir, sandbox: Sandbox, terraform: &Terraform) {
    println!("\nThe sandbox stays up, with everything in it. To go on by hand:\n");
    println!("cd {}", folder.keep().display());
    for (key, value) in terraform.environment() {
        println!("export {key}={value}");
    }
    println!("{} plan", terraform.program().display());
    if let Some(process) = sandbox.live_on() {
        println!("\nTo end it: kill {process}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_is_shown_without_progress() {
        let plan = "Warning: overrides\n\na.b: Refreshing state... [id=1]\n\nTerraform will\n";
        assert_eq!(without_progress(plan), "Terraform will");
        assert_eq!(without_progress("No changes."), "No changes.");
    }

    #[test]
    fn changes_are_listed_by_address_and_attribute() {
        let plan = json!({ "resource_changes": [{
            "address": "a.b",
            "change": {
                "before": { "id": "1", "port": "53", "name": "n", "generation": 1 },
                "after": { "id": "2", "port": "54", "name": "n" },
                "after_unknown": { "generation": true },
            },
        }]});
        assert_eq!(changed(&plan), BTreeSet::from([("a.b".to_owned(), "port".to_owned())]));
    }

    #[test]
    fn summary_of_a_plan_is_found() {
        assert_eq!(summary("a\nPlan: 5 to add.\n"), "Plan: 5 to add.");
        assert_eq!(summary("No changes."), "Nothing to do.");
    }
}
