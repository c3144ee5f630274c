//! The one place where errors become Terraform diagnostics.
//!
//! The summary says what could not be done to which object, the detail why, and after a blank line
//! what to do about it. Where one attribute is to blame, Terraform shows the line that sets it.

use std::{collections::BTreeSet, error::Error, fmt::Display};

use tf_provider::{Diagnostic, Diagnostics, Path};

use crate::{
    cloud::{self, Cause, Kind, NoCredentials},
    cluster, groups, pods,
    rules::RuleId,
};

/// `could_not("create rule sg-x_…", …)`: an error of a layer below in the words of Terraform.
pub(crate) fn could_not(
    doing: impl Display,
    error: &impl Explain,
    blame: Blame<'_>,
) -> Diagnostics {
    let told = described(format!("Could not {doing}"), &error.why(), &error.remedy());
    match blamed(&error.culprits(), blame) {
        Some(path) => told.at(path).into(),
        None => told.into(),
    }
}

/// The attribute behind each thing that can be to blame.
pub(crate) type Blame<'a> = &'a [(&'a str, &'static str)];

/// An error, as far as users need to know it. That it happened, and to which object, they know.
pub(crate) trait Explain {
    /// The chain of causes.
    fn why(&self) -> String;

    /// What a user can do about it, to stand behind "What to do:".
    fn remedy(&self) -> String;

    /// What is to blame, in the words of whoever refused: a parameter such as `Port`, a field such
    /// as `spec.securityGroups.groupIds[0]`, an id.
    fn culprits(&self) -> Vec<String>;
}

impl Explain for groups::Error {
    fn why(&self) -> String {
        match self {
            Self::Cloud { source, .. } => source.why(),
            _ => chain(self),
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Cloud { source, .. } | Self::Contended { source, .. } => source.remedy(),
            Self::Gone(_) => "check the id and the region. If the group was deleted outside \
                              Terraform, plan again."
                .to_owned(),
            Self::RuleGone(_) => {
                "run `terraform plan` again: it shows what is there now.".to_owned()
            }
            Self::Exists(id) => import_rule(id),
            Self::Held { .. } => {
                "free the group from what holds it, or give the delete more time with \
                 `timeouts.delete`. Pods keep a group until they are recreated; rules of other \
                 groups are removed with `references_on_delete = \"remove\"`."
                    .to_owned()
            }
            Self::Unclear { .. } => {
                "look at these groups in the console, import the one that is yours, and delete what \
                 nobody needs."
                    .to_owned()
            }
            Self::Abandoned(_) => {
                "this is a bug in the provider, please report it with the text above.".to_owned()
            }
        }
    }

    fn culprits(&self) -> Vec<String> {
        match self {
            Self::Cloud { source, .. } => source.culprits(),
            Self::Gone(group) => vec![group.to_string()],
            _ => Vec::new(),
        }
    }
}

impl Explain for pods::Error {
    fn why(&self) -> String {
        match self {
            Self::Cluster { source, .. } => match source {
                // The layer says why it stopped; why it had to go on until then is this.
                cluster::Error::Stopped { source: Some(source), .. } => chain(source),
                source => chain(source),
            },
            Self::Conflict { owners, .. } => {
                owners.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            _ => chain(self),
        }
    }

    fn remedy(&self) -> String {
        self.remedy()
    }

    fn culprits(&self) -> Vec<String> {
        self.fields()
    }
}

impl Explain for cloud::Error {
    fn why(&self) -> String {
        match self.cause() {
            Cause::Credentials(missing) => missing.to_string(),
            _ => chain(self),
        }
    }

    fn remedy(&self) -> String {
        match self.cause() {
            Cause::Credentials(NoCredentials::Missing) => {
                "set `secret_id` and `secret_key` in the provider block, or TENCENTCLOUD_SECRET_ID \
                 and TENCENTCLOUD_SECRET_KEY in the environment."
                    .to_owned()
            }
            Cause::Credentials(NoCredentials::Unknown | NoCredentials::UnknownHost) => {
                "apply what they depend on first, for instance with `-target`, and then everything."
                    .to_owned()
            }
            Cause::Credentials(NoCredentials::Unfit) => "remove that character.".to_owned(),
            Cause::Unreachable { .. } => {
                "check the network, and `endpoints`, `domain` and `protocol` of the provider block \
                 or the variables that stand for them."
                    .to_owned()
            }
            Cause::Stopped => "apply again.".to_owned(),
            _ => advice(self),
        }
    }

    fn culprits(&self) -> Vec<String> {
        match (self.cause(), self.kind()) {
            (Cause::Api { message, .. }, Kind::Invalid | Kind::NotFound | Kind::Quota) => {
                let words = message.split(|sign: char| !sign.is_alphanumeric() && sign != '-');
                words.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What a user can do about a call that the service refused, by what the refusal means.
fn advice(error: &cloud::Error) -> String {
    let action = error.action();
    let is_key = error.code().is_some_and(|code| {
        code.starts_with("AuthFailure") && code != "AuthFailure.UnauthorizedOperation"
    });
    match error.kind() {
        Kind::NotFound => "check the id and the region. If the object was deleted outside \
                           Terraform, plan again."
            .to_owned(),
        Kind::Busy => "wait until the object is free, then apply again.".to_owned(),
        Kind::Throttled => format!(
            "apply again later, or with a lower `-parallelism`; it was tried {} times.",
            error.attempts()
        ),
        Kind::Denied if is_key => "check `secret_id`, `secret_key` and `security_token` of the \
                                   provider block or the variables that stand for them, and the \
                                   clock of this machine."
            .to_owned(),
        Kind::Denied => format!("have {action} allowed for this key by a policy in CAM."),
        Kind::Quota => "delete what is not needed, or have the quota raised in the console.".into(),
        Kind::Conflict => "import what is already there, or change the configuration.".to_owned(),
        Kind::Stale => "apply again: somebody else has changed the same object.".to_owned(),
        Kind::Invalid => {
            "correct the configuration as the message says; if it looks right, report \
                          this to the provider's authors with the request id."
                .to_owned()
        }
        Kind::Transient => {
            "apply again; if it stays, report the request id to Tencent Cloud.".to_owned()
        }
        Kind::Unknown => {
            "report this to the provider's authors with the code and the request id.".to_owned()
        }
    }
}

fn import_rule(id: &RuleId) -> String {
    format!(
        "if another resource of yours has this rule, drop one of the two. Else take it into the \
         state by an import, and let the next apply change it:\n\n\
         import {{\n  to = tke_security_group_rule.<name>\n  id = \"{id}\"\n}}"
    )
}

/// An import id of the wrong form.
pub(crate) fn not_an_id(text: &str, why: &impl Display) -> Diagnostic {
    described(
        format!("Could not import `{text}`"),
        &why.to_string(),
        "correct the id; the resource's documentation shows its form.",
    )
}

/// Nothing to import, and what is there instead.
pub(crate) fn nothing_there(what: &str, near: impl Iterator<Item = String>) -> Diagnostic {
    let near: Vec<_> = near.map(|id| format!("\n  {id}")).collect();
    let why = if near.is_empty() {
        "It does not exist, and the group has no rules of this direction.".to_owned()
    } else {
        format!("It does not exist. These rules of the group are most like it:{}", near.concat())
    };
    let told = Diagnostic::error(format!("Could not import {what}"));
    told.detail(format!("{why}\n\nWhat to do: correct the id."))
}

fn described(summary: String, why: &str, remedy: &str) -> Diagnostic {
    let stop = if why.ends_with(['.', '}']) { "" } else { "." };
    Diagnostic::error(summary).detail(format!("{why}{stop}\n\nWhat to do: {remedy}"))
}

/// An error and its causes, the outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The attribute that is to blame, if it is just one.
fn blamed(culprits: &[String], blame: Blame<'_>) -> Option<Path> {
    let paths = culprits.iter().filter_map(|culprit| attribute(culprit, blame));
    let mut paths = paths.collect::<BTreeSet<_>>().into_iter();
    paths.next().filter(|_| paths.next().is_none())
}

/// `a.b[1]` and `a.b.c` are parts of `a.b`; the attribute for it may be a list as well.
fn attribute(culprit: &str, blame: Blame<'_>) -> Option<Path> {
    blame.iter().find_map(|(name, attribute)| {
        let part = culprit.strip_prefix(name)?;
        let index = part.strip_prefix('[').and_then(|part| part.split_once(']')?.0.parse().ok());
        match index {
            Some(index) => Some(Path::from(*attribute).index(index)),
            None => (part.is_empty() || part.starts_with('.')).then(|| Path::from(*attribute)),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        cluster::{Obstacle, Owner, Stuck},
        groups::Holders,
        pods::PolicyRef,
    };

    fn told(doing: &str, error: &impl Explain, blame: Blame<'_>) -> String {
        let told = could_not(doing, error, blame).into_iter().next().unwrap();
        format!("{told}\n{}", told.detail)
    }

    fn call(cause: Cause) -> cloud::Error {
        let region = "ap-guangzhou".parse().unwrap();
        cloud::Error::new("CreateSecurityGroupPolicies", &region, 4, Some("c20ccc2c".into()), cause)
    }

    fn api(code: &str, message: &str) -> cloud::Error {
        let (code, kind) = (code.to_owned(), Kind::of(code));
        call(Cause::Api { code, message: message.to_owned(), kind })
    }

    fn refused(code: &str, message: &str) -> groups::Error {
        groups::Error::Cloud { doing: "add rule x".to_owned(), source: api(code, message) }
    }

    const PORT: Blame<'_> = &[("Port", "port"), ("Protocol", "protocol"), ("sg-x", "group")];

    #[test]
    fn a_refusal_of_the_cloud() {
        let error = refused("InvalidParameterValue", "The value `1-2,3` of `Port` is invalid.");
        insta::assert_snapshot!(told("create rule x", &error, PORT), @r"
        port: Could not create rule x
        CreateSecurityGroupPolicies in ap-guangzhou failed after 4 attempts (request c20ccc2c): InvalidParameterValue: The value `1-2,3` of `Port` is invalid.

        What to do: correct the configuration as the message says; if it looks right, report this to the provider's authors with the request id.
        ");
    }

    #[test]
    fn a_cause_that_needs_no_call() {
        let source = call(Cause::Credentials(NoCredentials::Missing));
        let error = groups::Error::Cloud { doing: "list groups".to_owned(), source };
        insta::assert_snapshot!(told("create security group `it`", &error, PORT), @r"
        Could not create security group `it`
        there are no credentials of Tencent Cloud.

        What to do: set `secret_id` and `secret_key` in the provider block, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in the environment.
        ");
    }

    #[test]
    fn a_group_in_use() {
        let group: crate::rules::GroupId = "sg-x".parse().unwrap();
        let holders = Holders { instances: vec![("EKS".to_owned(), 3)], groups: Vec::new() };
        let source = api("ResourceInUse", "It is bound.");
        let waited = Duration::from_secs(9);
        let error = groups::Error::Held { group, holders, waited, source };
        insta::assert_snapshot!(told("delete security group sg-x", &error, PORT), @r#"
        Could not delete security group sg-x
        security group sg-x is still in use after 9s: carried by 3 EKS: CreateSecurityGroupPolicies in ap-guangzhou failed after 4 attempts (request c20ccc2c): ResourceInUse: It is bound.

        What to do: free the group from what holds it, or give the delete more time with `timeouts.delete`. Pods keep a group until they are recreated; rules of other groups are removed with `references_on_delete = "remove"`.
        "#);
    }

    #[test]
    fn a_conflict_names_manager_and_fields() {
        let owner = |manager: &str, field: &str| Owner {
            manager: manager.to_owned(),
            operation: "Update".to_owned(),
            time: None,
            fields: vec![field.to_owned()],
        };
        let owners = vec![owner("kubectl-edit", ".spec.a.app"), owner("argocd", ".spec.a.b")];
        let at: PolicyRef = "shop/app".parse().unwrap();
        let error = pods::Error::Conflict { at: at.clone(), owners };
        insta::assert_snapshot!(told(&format!("update {at}"), &error, &[("spec.a", "a")]), @r"
        a: Could not update SecurityGroupPolicy shop/app
        `kubectl-edit` (Update) owns .spec.a.app; `argocd` (Update) owns .spec.a.b.

        What to do: agree on who writes these fields. Remove them from the other tool, or take them over by `force_conflicts = true` in `field_manager`.
        ");
    }

    #[test]
    fn a_wait_in_vain() {
        let last = Obstacle {
            reason: "the namespace shop does not exist".to_owned(),
            remedy: "create it.".to_owned(),
            fields: vec!["metadata.namespace".to_owned()],
        };
        let waited = Duration::from_secs(9);
        let error = pods::Error::Stuck(Stuck { wanted: "it".to_owned(), last, waited });
        let blame = &[("metadata.namespace", "namespace")];
        insta::assert_snapshot!(told("create it", &error, blame), @r"
        namespace: Could not create it
        waited 9 s for it, but the namespace shop does not exist.

        What to do: create it.
        ");
    }

    #[test]
    fn only_one_attribute_is_blamed() {
        #[track_caller]
        fn check(culprits: &[&str], expected: Option<&str>) {
            let culprits: Vec<_> = culprits.iter().map(|&culprit| culprit.to_owned()).collect();
            let blame = &[("Port", "port"), ("Protocol", "protocol"), ("spec.ids", "ids")];
            let path = blamed(&culprits, blame).map(|path| path.to_string());
            assert_eq!(path.as_deref(), expected, "{culprits:?}");
        }
        check(&["The", "value", "of", "Port", "is", "wrong"], Some("port"));
        check(&["Port", "Port"], Some("port"));
        check(&["Port", "and", "Protocol"], None);
        check(&["Ports", "port"], None);
        check(&["spec.ids[2]"], Some("ids[2]"));
        check(&["spec.ids.x", "spec.ids"], Some("ids"));
        check(&["spec.idsx", "spec"], None);
        check(&[], None);
    }

    #[test]
    fn who_is_denied_learns_whether_key_or_policy_is_at_fault() {
        let remedy = |code: &str| api(code, "no").remedy();
        insta::assert_snapshot!(remedy("AuthFailure.SignatureFailure"), @"check `secret_id`, `secret_key` and `security_token` of the provider block or the variables that stand for them, and the clock of this machine.");
        insta::assert_snapshot!(remedy("AuthFailure.UnauthorizedOperation"), @"have CreateSecurityGroupPolicies allowed for this key by a policy in CAM.");
        insta::assert_snapshot!(remedy("UnauthorizedOperation.CamNoAuth"), @"have CreateSecurityGroupPolicies allowed for this key by a policy in CAM.");
    }
}
