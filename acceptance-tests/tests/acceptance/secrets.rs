//! Secrets that are misplaced: whatever goes wrong with them, no output shows them, logs included.

use acceptance_tests::TestContext;

use crate::limited::{GROUP, POLICY};

/// What must not be shown.
const SECRET: &str = "hunter2";

/// A kubeconfig that holds the secret.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
users:
- name: admin
  user: {token: hunter2}
";

/// Applies with everything logged; it must fail, and not show the secret.
#[track_caller]
fn check_hidden(hcl: &str, environment: &[(&str, &str)]) {
    let mut context = TestContext::configured(hcl);
    context.set("TF_LOG", "trace");
    for (name, value) in environment {
        context.set(name, value);
    }
    let printed = context.try_run("apply -auto-approve -input=false -no-color");
    assert!(!printed.success, "apply did not fail:\n{}", printed.text);
    let line = printed.text.lines().find(|line| line.contains(SECRET));
    assert_eq!(line, None, "the secret is shown");
}

/// A configuration whose provider block takes the secret from a sensitive variable.
fn with_variable(attributes: &str, resource: &str) -> String {
    format!(
        "variable \"secret\" {{\n  type      = string\n  sensitive = true\n}}\n\
         provider \"tke\" {{\n{attributes}\n}}\n{resource}"
    )
}

#[test]
fn password_in_an_endpoint_is_hidden() {
    for endpoint in ["https://admin:hunter2@127.0.0.1:1", "http://127.0.0.1:1/?token=hunter2"] {
        check_hidden(
            &with_variable("  endpoints = { vpc = var.secret, tag = var.secret }", GROUP),
            &[("TF_VAR_secret", endpoint)],
        );
        check_hidden(GROUP, &[("TKE_ENDPOINT", endpoint)]);
    }
}

#[test]
fn password_in_a_proxy_is_hidden() {
    for proxy in ["http://admin:hunter2@127.0.0.1:1", "hunter2://127.0.0.1:1"] {
        check_hidden(
            GROUP,
            &[("HTTPS_PROXY", proxy), ("TKE_ENDPOINT", "https://vpc.tencentcloudapi.com")],
        );
    }
}

#[test]
fn password_in_the_host_of_the_cluster_is_hidden() {
    for host in ["https://admin:hunter2@127.0.0.1:1", "https://127.0.0.1:1/?token=hunter2"] {
        check_hidden(POLICY, &[("KUBE_HOST", host)]);
        check_hidden(
            &with_variable("  kubernetes = { host = var.secret }", POLICY),
            &[("TF_VAR_secret", host)],
        );
    }
}

#[test]
fn swapped_and_malformed_api_keys_are_hidden() {
    for secret in ["hunter2", "hunter2\nhunter2", " hunter2\u{7f}", "https://hunter2"] {
        check_hidden(
            GROUP,
            &[("TENCENTCLOUD_SECRET_ID", secret), ("TENCENTCLOUD_SECRET_KEY", "AKIDsandbox")],
        );
        check_hidden(GROUP, &[("TENCENTCLOUD_SECRET_KEY", secret)]);
        check_hidden(GROUP, &[("TENCENTCLOUD_SECURITY_TOKEN", secret)]);
        check_hidden(POLICY, &[("KUBE_TOKEN", secret)]);
    }
}

#[test]
fn api_key_in_the_place_of_another_setting_is_hidden() {
    for name in ["TENCENTCLOUD_REGION", "TENCENTCLOUD_DOMAIN", "TENCENTCLOUD_PROTOCOL"] {
        check_hidden(GROUP, &[(name, "hunter2/Hunter+=")]);
    }
    for attribute in ["region", "domain", "protocol"] {
        check_hidden(
            &with_variable(&format!("  {attribute} = var.secret"), GROUP),
            &[("TF_VAR_secret", "hunter2/Hunter+=")],
        );
    }
}

#[test]
fn content_of_a_kubeconfig_given_as_its_path_is_hidden() {
    check_hidden(
        &with_variable("  kubernetes = { config_path = var.secret }", POLICY),
        &[("TF_VAR_secret", KUBECONFIG)],
    );
    let mut context = TestContext::configured(POLICY);
    context.unset("KUBE_HOST");
    context.unset("KUBE_TOKEN");
    context.set("TF_LOG", "trace");
    context.set("KUBE_CONFIG_PATH", KUBECONFIG);
    let printed = context.try_run("apply -auto-approve -input=false -no-color");
    assert!(!printed.success && !printed.text.contains(SECRET), "{}", printed.text);
}
