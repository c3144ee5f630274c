//! `data.tke_cluster`.

use acceptance_tests::{TestContext, assert_text};
use serde_json::json;

#[test]
fn cluster_is_found_by_name_and_by_id() {
    let context = TestContext::configured(
        r#"
        data "tke_cluster" "by_name" {
          name = "my-cluster"
        }
        data "tke_cluster" "by_id" {
          id = "my-cluster"
        }
        output "by_name" {
          value = data.tke_cluster.by_name
        }
        output "same" {
          value = data.tke_cluster.by_id.vpc_id == data.tke_cluster.by_name.vpc_id
        }"#,
    );
    context.apply();
    let output = context.run("output -json by_name");
    let cluster: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(cluster["version"], "1.30.0");
    let id = |name: &str| cluster[name].as_str().unwrap_or_default().to_owned();
    assert!(id("vpc_id").starts_with("vpc-"), "{cluster}");
    assert!(id("worker_security_group_id").starts_with("sg-"), "{cluster}");
    assert_eq!(context.run("output -json same").trim(), json!(true).to_string());
}

#[test]
fn unknown_cluster_is_an_error_that_names_it() {
    let context = TestContext::configured(
        r#"
        data "tke_cluster" "it" {
          name = "no-such-cluster"
        }"#,
    );
    assert_text!(context.plan_errors(), @r#"
    Could not find cluster named `no-such-cluster`
      at data.tke_cluster.it: name = "no-such-cluster"
    No such cluster in region ap-guangzhou is visible to this key.

    What to do: check `name` and the region.
    "#);
}
