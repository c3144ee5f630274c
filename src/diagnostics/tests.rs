//! Every diagnostic that the provider can give, in one place to be read.

use std::{str::FromStr, time::Duration};

use serde_json::json;
use tf_provider::Diagnostic;

use super::{
    DiagnosticSource, error_diagnostic, path_to,
    provider::{
        ConnectionConflict, invalid_variable, no_region, unknown_default_tags, unknown_region,
    },
    *,
};
use crate::{
    cloud::{self, Cause, Domain, Endpoint, ErrorKind, NoCredentials, Proxy, Region, Scheme},
    cluster::{self, NoConnection, Owner},
    groups::{self, Usage, check_tag_key, check_tag_value},
    pods::{self, Blocker, Policy, PolicyRef, selector},
    rules::{Action, Direction, GroupId, Mismatch, Peer, Ports, Protocol, RuleId},
};

/// A failed call as the client makes it: only the service's own answers have a request id.
fn cloud_error(cause: Cause) -> cloud::Error {
    let answered = matches!(cause, Cause::Api { .. } | Cause::Decode(_));
    let attempts = match cause {
        Cause::Cancelled | Cause::Credentials(_) | Cause::Encode(_) => 0,
        Cause::Unreachable { .. } => 5,
        Cause::Status(_) | Cause::Lost(_) | Cause::Timeout(_) => 4,
        _ => 1,
    };
    let id = answered.then(|| "c20ccc2c".to_owned());
    cloud::Error::new("DescribeSecurityGroups", &region(), attempts, id, cause)
}

fn refusal(code: &str, message: &str) -> cloud::Error {
    let (code, kind) = (code.to_owned(), ErrorKind::of(code));
    cloud_error(Cause::Api { code, message: message.to_owned(), kind })
}

fn region() -> Region {
    "ap-guangzhou".parse().unwrap()
}

fn group(id: &str) -> GroupId {
    id.parse().unwrap()
}

fn rule(port: u16) -> RuleId {
    format!("sg-x_ingress_accept_tcp_{port}_10.0.0.0/8").parse().unwrap()
}

fn policy_ref() -> PolicyRef {
    "shop/app".parse().unwrap()
}

fn policy() -> Policy {
    let metadata = json!({"uid": "u-2", "resourceVersion": "7"});
    let object = json!({"metadata": metadata, "spec": {"priority": 1, "podSelector": {"x": 1}}});
    Policy::new(policy_ref(), serde_json::from_value(object).unwrap())
}

fn owners() -> Vec<Owner> {
    let owner = |manager: &str, operation: &str, time: Option<&str>, field: &str| Owner {
        manager: manager.to_owned(),
        operation: operation.to_owned(),
        time: time.map(str::to_owned),
        fields: vec![field.to_owned()],
    };
    vec![
        owner("kubectl-edit", "Update", Some("2026-01-31T08:00:00Z"), ".spec.podSelector"),
        owner("argocd", "Apply", None, ".spec.securityGroups.groupIds"),
    ]
}

/// Every cause of a failed call, and every kind of refusal.
fn cloud_errors() -> Vec<cloud::Error> {
    let host = || "vpc.tencentcloudapi.com".to_owned();
    let causes = [
        Cause::Status(503),
        Cause::Unreachable { host: host(), source: "connection refused".into() },
        Cause::Tls { host: host(), source: "invalid peer certificate: UnknownIssuer".into() },
        Cause::NoTrustStore("no certificates were loaded".into()),
        Cause::Lost("connection reset".into()),
        Cause::Timeout(Duration::from_mins(1)),
        Cause::TooLong,
        Cause::TooManyPages(100),
        Cause::Decode(serde_json::from_str::<u8>("x").unwrap_err()),
        Cause::Encode(serde_json::from_str::<u8>("x").unwrap_err()),
        Cause::Credentials(NoCredentials::Missing),
        Cause::Credentials(NoCredentials::Unknown),
        Cause::Credentials(NoCredentials::UnknownHost),
        Cause::Credentials(NoCredentials::InvalidCharacter),
        Cause::Cancelled,
    ];
    for cause in &causes {
        match cause {
            // A new variant belongs in the list above.
            Cause::Api { .. }
            | Cause::Status(_)
            | Cause::Unreachable { .. }
            | Cause::Tls { .. }
            | Cause::NoTrustStore(_)
            | Cause::Lost(_)
            | Cause::Timeout(_)
            | Cause::TooLong
            | Cause::TooManyPages(_)
            | Cause::Decode(_)
            | Cause::Encode(_)
            | Cause::Credentials(
                NoCredentials::Missing
                | NoCredentials::Unknown
                | NoCredentials::UnknownHost
                | NoCredentials::InvalidCharacter,
            )
            | Cause::Cancelled => {}
        }
    }
    let codes = [
        "InvalidSecurityGroupID.NotFound",
        "ResourceInUse",
        "RequestLimitExceeded",
        "AuthFailure.SignatureFailure",
        "UnauthorizedOperation.CamNoAuth",
        "LimitExceeded",
        "UnsupportedOperation.DuplicatePolicy",
        "UnsupportedOperation.VersionMismatch",
        "InvalidParameterValue",
        "InternalError",
        "FailedOperation",
    ];
    let kinds: Vec<_> = codes.iter().map(|code| ErrorKind::of(code)).collect();
    assert!(ErrorKind::ALL.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let refusals = codes.map(|code| refusal(code, "The service's own words."));
    causes.map(cloud_error).into_iter().chain(refusals).collect()
}

fn cluster_errors() -> Vec<cluster::Error> {
    use cluster::Error;
    let (host, call) = (
        || "https://cls.example:443".to_owned(),
        || "patch securitygrouppolicies.vpcresources.tke.cloud.tencent.com".to_owned(),
    );
    let unavailable = |status: u16, message: &str| Error::Unavailable {
        host: host(),
        call: call(),
        status,
        message: message.to_owned(),
    };
    let resource = || "securitygrouppolicies.vpcresources.tke.cloud.tencent.com".to_owned();
    let (namespace, message) = (|| "shop".to_owned(), || "The server's own words".to_owned());
    let errors = vec![
        Error::NoConnection(NoConnection::NotConfigured),
        Error::NoConnection(NoConnection::Several),
        Error::NoConnection(NoConnection::ContextWithoutKubeconfig),
        Error::NoConnection(NoConnection::Unknown),
        Error::Settings {
            what: "the kubeconfig /home/me/.kube/config".to_owned(),
            problem: "it has no context `prod`; it has `dev`".to_owned(),
        },
        Error::Connect { host: host(), source: "connection refused".into() },
        Error::Tls { host: host(), source: "invalid peer certificate: UnknownIssuer".into() },
        Error::Lost { host: host(), call: call(), source: "connection reset".into() },
        Error::Timeout { host: host(), call: call(), after: Duration::from_secs(30) },
        Error::NoTrustStore("no certificates were loaded".into()),
        Error::TooLong { host: host(), call: call() },
        unavailable(429, "too many requests"),
        unavailable(503, "no endpoints available for service \"webhook\""),
        Error::Unexpected { host: host(), call: call(), status: 200, message: "<html>".to_owned() },
        Error::Unauthenticated { host: host(), message: "Unauthorized".to_owned() },
        Error::Denied {
            verb: "patch",
            resource: resource(),
            namespace: Some(namespace()),
            message: "User \"ci\" cannot patch resource".to_owned(),
        },
        Error::TypeMissing {
            kind: "SecurityGroupPolicy",
            version: "vpcresources.tke.cloud.tencent.com/v1beta1".to_owned(),
        },
        Error::NamespaceMissing { namespace: namespace() },
        Error::NamespaceTerminating { namespace: namespace() },
        Error::NotFound {
            resource: resource(),
            namespace: Some(namespace()),
            name: "app".to_owned(),
        },
        Error::Conflict { owners: owners() },
        Error::Stale { message: message() },
        Error::Rejected { message: message(), causes: Vec::new() },
        Error::Ambiguous { call: call(), source: Box::new(unavailable(429, "slow down")) },
        Error::Cancelled { call: call() },
    ];
    for error in &errors {
        match error {
            // A new variant belongs in the list above.
            Error::NoConnection(
                NoConnection::NotConfigured
                | NoConnection::Several
                | NoConnection::ContextWithoutKubeconfig
                | NoConnection::Unknown,
            )
            | Error::Settings { .. }
            | Error::Connect { .. }
            | Error::Tls { .. }
            | Error::Lost { .. }
            | Error::Timeout { .. }
            | Error::NoTrustStore(_)
            | Error::TooLong { .. }
            | Error::Unavailable { .. }
            | Error::Unexpected { .. }
            | Error::Unauthenticated { .. }
            | Error::Denied { .. }
            | Error::TypeMissing { .. }
            | Error::NamespaceMissing { .. }
            | Error::NamespaceTerminating { .. }
            | Error::NotFound { .. }
            | Error::Conflict { .. }
            | Error::Stale { .. }
            | Error::Rejected { .. }
            | Error::Ambiguous { .. }
            | Error::Cancelled { .. } => {}
        }
    }
    errors
}

fn group_errors() -> Vec<groups::Error> {
    use groups::Error;
    let usage = Usage { instances: vec![("EKS".to_owned(), 3)], groups: vec![group("sg-y")] };
    let lost = || cloud_error(Cause::Timeout(Duration::from_mins(1)));
    let errors = vec![
        Error::GroupNotFound(group("sg-x")),
        Error::RuleNotFound(rule(443)),
        Error::RuleExists(rule(443)),
        Error::ConflictRetriesExhausted {
            group: group("sg-x"),
            source: refusal("UnsupportedOperation.VersionMismatch", "The version is 7."),
        },
        Error::InUse {
            group: group("sg-x"),
            usage,
            waited: Duration::from_mins(15),
            source: refusal("ResourceInUse", "It is bound."),
        },
        Error::Ambiguous { candidates: vec![group("sg-x"), group("sg-y")], source: lost() },
        Error::ActorStopped(group("sg-x")),
    ];
    for error in &errors {
        match error {
            // A new variant belongs in the list above.
            Error::Cloud(_)
            | Error::GroupNotFound(_)
            | Error::RuleNotFound(_)
            | Error::RuleExists(_)
            | Error::ConflictRetriesExhausted { .. }
            | Error::InUse { .. }
            | Error::Ambiguous { .. }
            | Error::ActorStopped(_) => {}
        }
    }
    errors
}

fn policy_errors() -> Vec<pods::Error> {
    use pods::Error;
    let waited = Duration::from_mins(10);
    let missing = || cluster::Error::NamespaceMissing { namespace: "shop".to_owned() };
    let errors = vec![
        Error::Exists(policy_ref()),
        Error::Conflict { owners: owners() },
        Error::NotFound(policy_ref()),
        Error::Replaced { at: policy_ref(), uid: "u-2".to_owned() },
        Error::Ambiguous { at: policy_ref(), source: missing() },
        Error::WaitTimeout { blocker: Blocker::Cluster(missing()), waited },
        Error::WaitTimeout { blocker: Blocker::Finalizers(vec!["a/b".to_owned()]), waited },
        Error::WaitTimeout { blocker: Blocker::Finalizers(Vec::new()), waited },
    ];
    for error in &errors {
        match error {
            // A new variant belongs in the list above.
            Error::Exists(_)
            | Error::Conflict { .. }
            | Error::NotFound(_)
            | Error::Replaced { .. }
            | Error::Ambiguous { .. }
            | Error::WaitTimeout {
                blocker: Blocker::Cluster(_) | Blocker::Finalizers(_), ..
            }
            | Error::Cluster(_) => {}
        }
    }
    errors
}

/// What is said of an attribute or a variable that is refused.
fn refused_values() -> Vec<Diagnostic> {
    fn parse<T: FromStr<Err: ToString>>(attribute: &str, text: &str) -> Diagnostic {
        let why = text.parse::<T>().err().map_or_else(|| panic!("{text}"), |why| why.to_string());
        Diagnostic::invalid(&attribute.into(), why)
    }
    let check = |attribute: &str, checked: Result<(), String>| {
        Diagnostic::invalid(&attribute.into(), checked.unwrap_err())
    };
    let condition = |operator: &str, values: &[&str]| {
        let requirement = json!({"key": "app", "operator": operator, "values": values});
        selector::check_values(&serde_json::from_value(requirement).unwrap())
    };
    vec![
        parse::<Region>("region", "Guangzhou"),
        parse::<Scheme>("protocol", "ftp"),
        parse::<Domain>("domain", "127.0.0.1"),
        parse::<Endpoint>("endpoints.vpc", "https://user:secret@host"),
        parse::<Proxy>("HTTPS_PROXY", "ftp://x"),
        parse::<GroupId>("security_group_id", "x"),
        parse::<Direction>("direction", "in"),
        parse::<Action>("action", "allow"),
        parse::<Protocol>("protocol", "sctp"),
        parse::<Ports>("port", "http"),
        parse::<Ports>("port", "90-80"),
        parse::<Ports>("port", "443,80"),
        parse::<Ports>("port", "80-90,85"),
        parse::<Peer>("cidr_block", "10.0.0.0/33"),
        parse::<Peer>("cidr_block", "10.0.0.1/16"),
        parse::<Peer>("cidr_block", "0.0.0.0/8"),
        parse::<Peer>("cidr_block", "MY_PUBLIC_IP"),
        parse::<Peer>("ipv6_cidr_block", "1:2"),
        Diagnostic::invalid(&"port".into(), Mismatch::Ports(Protocol::Icmp)),
        Diagnostic::invalid(&"protocol".into(), Mismatch::IcmpOverIpv6),
        Diagnostic::invalid(&"protocol".into(), Mismatch::Icmpv6OverIpv4),
        parse::<RuleId>("id", "sg-x"),
        parse::<RuleId>("id", "sg-x_ingress_accept_udp_x_sg-y"),
        parse::<PolicyRef>("id", "app"),
        parse::<PolicyRef>("id", "apiVersion=v1,kind=Pod,namespace=shop,name=app"),
        check("tags", check_tag_key("")),
        check("tags", check_tag_key("qcs:team")),
        check("tags", check_tag_value(&"v".repeat(256))),
        check("name", selector::check_subdomain("")),
        check("name", selector::check_subdomain("A")),
        check("namespace", selector::check_namespace(&"a".repeat(64))),
        check("namespace", selector::check_namespace("a.b")),
        check("labels", selector::check_key("/app")),
        check("labels", selector::check_key("A/app")),
        check("labels", selector::check_key("example.com/")),
        check("labels", selector::check_value("a b")),
        check("field_manager.name", selector::check_field_manager("a\nb")),
        check("pod_selector", condition("in", &[])),
        check("pod_selector", condition("In", &[])),
        check("pod_selector", condition("Exists", &["a"])),
    ]
}

/// What is said of settings that give no connection to a cluster.
fn connections() -> Vec<Diagnostic> {
    let refused = cluster::refused_connections().into_iter();
    let errors: Vec<_> = refused.map(|error| error.unwrap_err()).collect();
    let conflicts = [
        ConnectionConflict::HostAndKubeconfig,
        ConnectionConflict::HostAndContext,
        ConnectionConflict::TokenAndKubeconfig,
    ];
    let conflicts = conflicts.map(Diagnostic::from);
    each("read SecurityGroupPolicy shop/app", &errors).into_iter().chain(conflicts).collect()
}

fn each<T: DiagnosticSource>(action: &str, errors: &[T]) -> Vec<Diagnostic> {
    errors.iter().flat_map(|error| error_diagnostic(action, error, &[])).collect()
}

#[test]
fn every_diagnostic_is_shown_in_one_snapshot() {
    let sections = [
        ("the cloud's API", each("read security group sg-x", &cloud_errors())),
        ("security groups and rules", each("update rule sg-x_…", &group_errors())),
        ("the cluster's API", each("read SecurityGroupPolicy shop/app", &cluster_errors())),
        ("policies", each("create SecurityGroupPolicy shop/app", &policy_errors())),
        (
            "single findings",
            vec![
                no_region(),
                unknown_region(),
                unknown_default_tags(),
                invalid_variable("TENCENTCLOUD_REGION", "Guangzhou".parse::<Region>().unwrap_err()),
                no_cluster("cluster cls-12345678", "id", &region()),
                several_clusters("cluster named `prod`", &["cls-1", "cls-2"]),
                several_worker_groups("cls-1", "tke-worker-security-for-cls-1", &["sg-x", "sg-y"]),
                lookalikes("pods", &[group("sg-x"), group("sg-y")]),
                no_peer(),
                rule_not_found(&rule(443), [rule(80), rule(81)].into_iter()),
                no_rule_to_import(&rule(443), [rule(80)].into_iter()),
                no_rule_to_import(&rule(443), [].into_iter()),
                invalid_import_id("sg-x_y", &"sg-x_y".parse::<RuleId>().unwrap_err()),
                not_refreshed(&policy_ref()),
                replaced(&policy()),
                changed_by(&policy(), &owners(), false),
                changed_by(&policy(), &owners(), true),
                uninstalled(&policy_ref()),
                unsupported_fields(&policy()),
                too_many_groups(6),
            ],
        ),
        ("refused values", refused_values()),
        ("connections", connections()),
    ];
    let mut text = Vec::new();
    for (section, diagnostics) in sections {
        text.push(format!("════ {section}"));
        text.extend(diagnostics.iter().map(|diagnostic| {
            let (severity, detail) = (diagnostic.severity, diagnostic.full_detail());
            format!("{severity:?}: {diagnostic}\n{detail}")
        }));
    }
    insta::assert_snapshot!(text.join("\n\n"));
}

#[test]
fn one_attribute_is_blamed_or_none() {
    #[track_caller]
    fn check(blamed: &[&str], expected: Option<&str>) {
        let blamed: Vec<_> = blamed.iter().map(|&name| name.to_owned()).collect();
        let blame = &[("Port", "port"), ("Protocol", "protocol"), ("spec.ids", "ids")];
        let path = path_to(&blamed, blame).map(|path| path.to_string());
        assert_eq!(path.as_deref(), expected, "{blamed:?}");
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
fn parameter_in_a_refusal_leads_to_the_attribute() {
    let blame = &[("Port", "port"), ("Protocol", "protocol"), ("sg-x", "security_group_id")];
    let path = |error: &dyn DiagnosticSource| {
        let diagnostic = error_diagnostic("create rule x", error, blame).into_iter().next();
        diagnostic.unwrap().path.map(|path| path.to_string())
    };
    let refused = refusal("InvalidParameterValue", "The value `1-2,3` of `Port` is invalid.");
    assert_eq!(path(&groups::Error::Cloud(refused)).as_deref(), Some("port"));
    assert_eq!(
        path(&groups::Error::GroupNotFound(group("sg-x"))).as_deref(),
        Some("security_group_id")
    );
}
