//! The scenario that the provider is for, as `examples/quickstart` writes it.

use std::{collections::BTreeSet, fs, path::Path};

use acceptance_tests::{TestContext, assert_text};
use serde_json::json;

#[test]
fn quickstart_is_applied_drifts_is_healed_and_destroyed() {
    let context = TestContext::new();
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart/main.tf");
    context.write("main.tf", &fs::read_to_string(quickstart).unwrap());
    let before = context.sandbox_state();

    context.apply();
    context.assert_no_changes();

    let pods = context.attributes("tke_security_group.pods")["id"].clone();
    let dns = context.attributes("tke_security_group_rule.dns[\"UDP\"]");
    let workers = dns["security_group_id"].as_str().unwrap();
    assert_eq!(dns["referenced_security_group_id"], pods);
    let policy = context.out_of_band().policy("my-namespace", "my-security-group-policy");
    assert_eq!(
        policy["spec"],
        json!({
            "podSelector": { "matchLabels": { "app": "my-app" } },
            "securityGroups": { "groupIds": [pods] },
        })
    );

    let ssh = json!({
        "Action": "ACCEPT", "Protocol": "TCP", "Port": "22", "CidrBlock": "0.0.0.0/0",
    });
    context.out_of_band().add_ingress(pods.as_str().unwrap(), &ssh);
    let healed = context.sandbox_state();
    let port = json!({ "Port": "5353" });
    context.out_of_band().edit_ingress(workers, "DNS over UDP from my-app", &port);
    let groups = json!({ "spec": { "securityGroups": { "groupIds": [pods, workers] } } });
    context.out_of_band().edit_policy("my-namespace", "my-security-group-policy", &groups);

    let plan = context.plan();
    let drift = [
        ("tke_security_group_policy.app", "security_group_ids"),
        ("tke_security_group_rule.dns[\"UDP\"]", "port"),
    ];
    let drift = drift.map(|(address, attribute)| (address.to_owned(), attribute.to_owned()));
    assert_eq!(plan.changed(), BTreeSet::from(drift), "{}", plan.text);
    assert_text!(context.run("show -no-color plan"), @r#"

    Terraform used the selected providers to generate the following execution
    plan. Resource actions are indicated with the following symbols:
      ~ update in-place

    Terraform will perform the following actions:

      # tke_security_group_policy.app will be updated in-place
      ~ resource "tke_security_group_policy" "app" {
          ~ generation         = 2 -> (known after apply)
            id                 = "my-namespace/my-security-group-policy"
            name               = "my-security-group-policy"
          ~ security_group_ids = [
                "sg-[id]",
              - "sg-[id]",
            ]
            # (4 unchanged attributes hidden)
        }

      # tke_security_group_rule.dns["UDP"] will be updated in-place
      ~ resource "tke_security_group_rule" "dns" {
          ~ id                           = "sg-[id]_ingress_accept_udp_5353_sg-[id]" -> "sg-[id]_ingress_accept_udp_53_sg-[id]"
          ~ port                         = "5353" -> "53"
            # (7 unchanged attributes hidden)
        }

    Plan: 0 to add, 2 to change, 0 to destroy.
    "#);

    context.apply();
    assert_eq!(context.sandbox_state(), healed);
    context.assert_no_changes();

    context.destroy();
    assert_eq!(context.sandbox_state(), before);
}
