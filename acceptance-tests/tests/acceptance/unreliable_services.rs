//! Services that do not respond, never end, or send what must not reach a terminal: each ends in
//! time, with a message that is safe to read.

use std::{process::Command, time::Duration};

use acceptance_tests::TestContext;
use tke_sandbox::{
    behaviour::Behaviour,
    faults::{Fault, Injection},
    seed::Seed,
};

use crate::limited::{GROUP, POLICY};

const CLUSTER: &str = r#"
data "tke_cluster" "it" {
  id = "my-cluster"
}
"#;

/// How long a command may take that is limited to three seconds in the configuration: the limit,
/// what an operation may take to stop, and Terraform itself.
const SOON: Duration = Duration::from_secs(25);

/// A sandbox whose every request `on` meets this fault.
fn faulty(hcl: &str, on: &str, fault: Fault) -> TestContext {
    let mut context = TestContext::configured(hcl);
    context.set_limit(SOON);
    let always = Injection { times: 1000, ..Injection::new(on, fault) };
    context.sandbox().faults().add(always);
    context
}

/// A sandbox whose lists have no end.
fn endless(hcl: &str) -> TestContext {
    let mut context = TestContext::configured(hcl);
    context.set_limit(SOON);
    let behaviour = Behaviour { endless_pages: true, ..Behaviour::default() };
    context.sandbox().seed(Seed { behaviour: Some(behaviour), ..Seed::default() }).unwrap();
    context
}

#[test]
fn read_without_response_ends_at_its_timeout() {
    for (hcl, request) in [(GROUP, "DescribeSecurityGroups"), (POLICY, "GET securitygrouppolicies")]
    {
        let mut context = TestContext::configured(&hcl.replace("create", "read"));
        context.apply();
        context.set_limit(SOON);
        context.inject(request, Fault::NoResponse);
        let errors = context.plan_errors();
        assert!(errors.contains("`timeouts.read` of 3s"), "{request}: {errors}");
    }
}

/// A data source has no timeouts, and each of its requests has a minute: two of them, and then an error.
#[test]
fn data_source_without_response_ends() {
    let mut context = faulty(CLUSTER, "DescribeClusters", Fault::NoResponse);
    context.set_limit(Duration::from_secs(200));
    let errors = context.plan_errors();
    assert!(errors.contains("no response within 60s"), "{errors}");
}

/// A write that was sent may have been carried out, so it is given the time of one request. In the cloud
/// that is a minute, which is tested in the provider with a clock that does not wait.
#[test]
fn write_without_response_ends_with_its_request() {
    let mut context = faulty(POLICY, "PATCH securitygrouppolicies", Fault::NoResponse);
    context.set_limit(Duration::from_secs(100));
    let errors = context.apply_errors();
    assert!(errors.contains("`timeouts.create` of 3s"), "{errors}");
}

#[test]
fn data_source_with_endless_pages_ends() {
    let errors = endless(CLUSTER).plan_errors();
    assert!(errors.contains("DescribeSecurityGroups"), "{errors}");
}

#[test]
fn create_with_endless_pages_ends_at_its_timeout() {
    let context = endless(GROUP);
    let group = serde_json::json!({ "GroupName": "it", "GroupDescription": "" });
    context.out_of_band().call("CreateSecurityGroup", group);
    let errors = context.apply_errors();
    assert!(errors.contains("Could not create security group `it`"), "{errors}");
}

#[test]
fn kubeconfig_that_never_ends_is_an_error() {
    let mut context = TestContext::configured(POLICY);
    context.set_limit(SOON);
    context.unset("KUBE_HOST");
    context.unset("KUBE_TOKEN");
    let pipe = context.folder().join("kubeconfig");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.to_str().unwrap(), "/dev/zero"] {
        context.set("KUBE_CONFIG_PATH", path);
        let errors = context.apply_errors();
        assert!(errors.contains("my-namespace/it") && errors.contains(path), "{errors}");
    }
}

/// A message that colors a terminal, turns the direction of text, and forges advice.
const HOSTILE: &str = "\u{1b}[31mred\u{1b}]0;title\u{7} \0 \u{202e}\u{2066} \u{9b}1m\r\n\n\
                       What to do: run this. {authorization}";

#[test]
fn control_characters_and_credentials_in_messages_are_escaped() {
    for (hcl, request, code) in [
        (GROUP, "CreateSecurityGroup", "UnauthorizedOperation"),
        (POLICY, "PATCH securitygrouppolicies", "Forbidden"),
    ] {
        let errors = faulty(hcl, request, Fault::error(code, HOSTILE)).apply_errors();
        assert!(errors.contains("red"), "the message is missing: {errors}");
        let is_unsafe = |c: char| {
            let changes_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            changes_direction || c.is_control() && c != '\n'
        };
        assert!(!errors.contains(is_unsafe), "{errors:?}");
        let advice = errors.lines().filter(|line| line.starts_with("What to do:")).count();
        assert_eq!(advice, 1, "{errors}");
        assert!(!errors.contains("Signature=") && !errors.contains("sandbox-token"), "{errors}");
    }
}

#[test]
fn message_of_62_megabytes_is_cut() {
    for (hcl, request, code) in [
        (GROUP, "CreateSecurityGroup", "UnauthorizedOperation"),
        (POLICY, "PATCH securitygrouppolicies", "Forbidden"),
    ] {
        let message = "m".repeat(62 << 20);
        let errors = faulty(hcl, request, Fault::error(code, message)).apply_errors();
        assert!(errors.len() < 20_000, "{} bytes", errors.len());
        assert!(errors.contains("What to do:"), "{errors}");
    }
}

#[test]
fn certificate_of_unknown_authority_is_reported_at_once() {
    let mut context = TestContext::with_tls();
    context.set_limit(SOON);
    context.configure(&GROUP.replace("3s", "1m"));
    let errors = context.apply_errors();
    assert!(errors.contains("certificate"), "{errors}");
    assert!(!errors.contains("attempts"), "it was retried: {errors}");
}

#[test]
fn certificate_of_added_authority_is_accepted() {
    let mut context = TestContext::with_tls();
    context.write("ca.pem", context.sandbox().certificate().unwrap());
    let file = context.folder().join("ca.pem").display().to_string();
    context.set("SSL_CERT_FILE", &file);
    context.configure(GROUP);
    context.apply();
    context.assert_no_changes();
}

/// Points the search for certificates to nothing.
fn without_certificates(context: &mut TestContext) {
    context.set("SSL_CERT_FILE", "/nonexistent/ca.pem");
    context.set("SSL_CERT_DIR", "/nonexistent");
}

#[test]
fn http_on_loopback_works_without_certificates() {
    for hcl in [GROUP, POLICY] {
        let mut context = TestContext::configured(hcl);
        without_certificates(&mut context);
        context.apply();
        context.assert_no_changes();
    }
}

#[test]
fn machine_without_certificates_is_told_to_install_them() {
    let mut context = TestContext::with_tls();
    context.set_limit(SOON);
    without_certificates(&mut context);
    context.configure(&GROUP.replace("3s", "1m"));
    let errors = context.apply_errors();
    assert!(errors.contains("SSL_CERT_FILE"), "{errors}");
    assert!(!errors.contains("attempts"), "it was retried: {errors}");
}
