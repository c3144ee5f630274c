//! What others do behind Terraform's back.

use serde_json::{Value, json};
use tke_sandbox::Sandbox;
use tokio::runtime::Runtime;

/// Somebody with the console and somebody with kubectl.
#[derive(Debug)]
pub struct OutOfBand<'a> {
    sandbox: &'a Sandbox,
    runtime: &'a Runtime,
}

impl<'a> OutOfBand<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox, runtime: &'a Runtime) -> Self {
        Self { sandbox, runtime }
    }

    /// A call of the cloud's VPC service.
    #[track_caller]
    pub fn call(&self, action: &str, payload: Value) -> Value {
        self.sandbox.call("vpc", action, "ap-guangzhou", payload).expect("the cloud accepts it")
    }

    /// The ingress rules of a group, top to bottom.
    #[track_caller]
    pub fn ingress(&self, group: &str) -> Vec<Value> {
        let held = self.call("DescribeSecurityGroupPolicies", json!({ "SecurityGroupId": group }));
        held["SecurityGroupPolicySet"]["Ingress"].as_array().cloned().unwrap_or_default()
    }

    /// Adds an ingress rule at the end of a group.
    #[track_caller]
    pub fn add_ingress(&self, group: &str, rule: &Value) {
        self.call("CreateSecurityGroupPolicies", ingress(group, rule));
    }

    /// Changes some fields of the one ingress rule with this description, where it stands.
    #[track_caller]
    pub fn edit_ingress(&self, group: &str, description: &str, change: &Value) {
        let mut rule = self.described(group, description);
        for (field, value) in change.as_object().into_iter().flatten() {
            rule[field] = value.clone();
        }
        self.call("ReplaceSecurityGroupPolicies", ingress(group, &rule));
    }

    /// Removes the one ingress rule with this description.
    #[track_caller]
    pub fn remove_ingress(&self, group: &str, description: &str) {
        let index = self.described(group, description)["PolicyIndex"].clone();
        self.call("DeleteSecurityGroupPolicies", ingress(group, &json!({ "PolicyIndex": index })));
    }

    #[track_caller]
    fn described(&self, group: &str, description: &str) -> Value {
        let mut rules = self.ingress(group).into_iter();
        let rule = rules.find(|rule| rule["PolicyDescription"] == description);
        let mut rule = rule.expect("the group has a rule with this description");
        // An answer has more than a request takes, and an empty text for what is not used.
        if let Some(fields) = rule.as_object_mut() {
            fields.retain(|field, value| REQUEST.contains(&field.as_str()) && *value != "");
        }
        rule
    }

    /// A policy of the cluster.
    #[track_caller]
    pub fn policy(&self, namespace: &str, name: &str) -> Value {
        self.cluster("GET", &format!("{}/{name}", policies(namespace)), "", &Value::Null)
    }

    /// Changes a policy as `kubectl edit` does.
    #[track_caller]
    pub fn edit_policy(&self, namespace: &str, name: &str, change: &Value) {
        let path = format!("{}/{name}?fieldManager=kubectl-edit", policies(namespace));
        self.cluster("PATCH", &path, "application/merge-patch+json", change);
    }

    /// Creates a policy as `kubectl create` does.
    #[track_caller]
    pub fn create_policy(&self, namespace: &str, name: &str, spec: &Value) {
        let path = format!("{}?fieldManager=kubectl-create", policies(namespace));
        let policy = json!({
            "apiVersion": "vpcresources.tke.cloud.tencent.com/v1beta1",
            "kind": "SecurityGroupPolicy",
            "metadata": { "namespace": namespace, "name": name },
            "spec": spec,
        });
        self.cluster("POST", &path, "application/json", &policy);
    }

    /// Deletes a policy.
    #[track_caller]
    pub fn delete_policy(&self, namespace: &str, name: &str) {
        let path = format!("{}/{name}", policies(namespace));
        self.cluster("DELETE", &path, "", &Value::Null);
    }

    #[track_caller]
    fn cluster(&self, method: &str, path: &str, content_type: &str, body: &Value) -> Value {
        let method = method.parse().expect("a method of HTTP");
        let request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.sandbox.url()))
            .bearer_auth("sandbox-token")
            .header("Content-Type", content_type);
        let request = if body.is_null() { request } else { request.body(body.to_string()) };
        let answer = self.runtime.block_on(async {
            let response = request.send().await?;
            response.error_for_status()?.json().await
        });
        answer.expect("the cluster accepts it")
    }
}

/// The fields of a rule that requests take.
const REQUEST: &[&str] = &[
    "Action",
    "CidrBlock",
    "Ipv6CidrBlock",
    "PolicyDescription",
    "PolicyIndex",
    "Port",
    "Protocol",
    "SecurityGroupId",
];

fn ingress(group: &str, rule: &Value) -> Value {
    json!({ "SecurityGroupId": group, "SecurityGroupPolicySet": { "Ingress": [rule] } })
}

fn policies(namespace: &str) -> String {
    format!(
        "/apis/vpcresources.tke.cloud.tencent.com/v1beta1/namespaces/{namespace}\
         /securitygrouppolicies"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(test: impl FnOnce(&OutOfBand<'_>)) {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::start());
        test(&OutOfBand::new(&sandbox, &runtime));
    }

    #[test]
    fn rules_are_added_edited_and_removed() {
        check(|out_of_band| {
            let group = out_of_band.call(
                "CreateSecurityGroup",
                json!({
                    "GroupName": "g", "GroupDescription": "",
                }),
            );
            let group = group["SecurityGroup"]["SecurityGroupId"].as_str().unwrap();
            let rule = json!({
                "Action": "ACCEPT", "Protocol": "TCP", "Port": "22", "CidrBlock": "0.0.0.0/0",
                "PolicyDescription": "ssh",
            });
            out_of_band.add_ingress(group, &rule);
            out_of_band.edit_ingress(group, "ssh", &json!({ "Port": "23" }));
            assert_eq!(out_of_band.ingress(group)[0]["Port"], "23");
            out_of_band.remove_ingress(group, "ssh");
            assert_eq!(out_of_band.ingress(group), [] as [Value; 0]);
        });
    }

    #[test]
    fn policies_are_created_edited_and_deleted() {
        check(|out_of_band| {
            let spec = |groups: &[&str]| {
                json!({
                    "podSelector": { "matchLabels": { "app": "my-app" } },
                    "securityGroups": { "groupIds": groups },
                })
            };
            out_of_band.create_policy("my-namespace", "p", &spec(&["sg-00000001"]));
            out_of_band.edit_policy(
                "my-namespace",
                "p",
                &json!({ "spec": spec(&["sg-00000002"]) }),
            );
            assert_eq!(out_of_band.policy("my-namespace", "p")["spec"], spec(&["sg-00000002"]));
            out_of_band.delete_policy("my-namespace", "p");
        });
    }
}
