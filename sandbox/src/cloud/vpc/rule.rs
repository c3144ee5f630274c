//! One rule: what a client may send, what is kept of it, and what is returned.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::id::{self, IdKind};
use crate::{
    behaviour::{Behaviour, HostBits},
    cloud::{envelope::ApiError, params::UintOrString},
};

/// The address that stands for the caller's own when it asks for `MY_PUBLIC_IP`.
const MY_PUBLIC_IP: &str = "203.0.113.7";

/// No length is documented; the provider's own limit is the same.
const LONGEST_DESCRIPTION: usize = 100;

/// `SecurityGroupPolicy` as sent. An empty string or an empty template means "not given".
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the fields are named as in the API")]
pub(crate) struct Policy {
    pub(super) policy_index: Option<UintOrString>,
    protocol: Option<String>,
    port: Option<String>,
    service_template: Option<ServiceTemplate>,
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    security_group_id: Option<String>,
    address_template: Option<AddressTemplate>,
    action: Option<String>,
    policy_description: Option<String>,
    /// Belongs to responses; one type serves both, so it is read and ignored.
    #[serde(rename = "ModifyTime")]
    _modify_time: Option<String>,
    /// Belongs to responses, as above.
    #[serde(rename = "Priority")]
    _priority: Option<i64>,
    /// Belongs to responses; the reference does not know it, but a rule as read can be sent back.
    #[serde(rename = "Diff")]
    _diff: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(crate) struct ServiceTemplate {
    service_id: String,
    service_group_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(crate) struct AddressTemplate {
    address_id: String,
    address_group_id: String,
}

/// A rule as kept, every default filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    service: Service,
    peer: Peer,
    action: Action,
    pub(super) description: String,
    pub(super) modified: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Service {
    Plain { protocol: String, port: String },
    Template(ServiceTemplate),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Peer {
    Cidr(String),
    Ipv6Cidr(String),
    Group(String),
    Template(AddressTemplate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Accept,
    Drop,
}

impl Policy {
    /// The rule this asks for, in the spelling the cloud gives back.
    pub(super) fn rule(self, behaviour: &Behaviour, now: &str) -> Result<Rule, ApiError> {
        let description = match self.policy_description.filter(|text| !text.is_empty()) {
            None if self.cidr_block.as_deref() == Some("MY_PUBLIC_IP") => {
                "Replaced-From-MY_PUBLIC_IP".to_owned()
            }
            description => description.unwrap_or_default(),
        };
        if description.chars().count() > LONGEST_DESCRIPTION {
            let message = format!("`PolicyDescription` is longer than {LONGEST_DESCRIPTION}.");
            return Err(ApiError::new("InvalidParameterValue.TooLong", message));
        }
        let (protocol, port) = (non_empty(self.protocol), non_empty(self.port));
        let service = service(protocol, port, self.service_template.as_ref(), behaviour)?;
        let peers = [
            non_empty(self.cidr_block).map(|cidr| ipv4(&cidr, behaviour).map(Peer::Cidr)),
            non_empty(self.ipv6_cidr_block).map(|cidr| ipv6(&cidr, behaviour).map(Peer::Ipv6Cidr)),
            non_empty(self.security_group_id)
                .map(|id| id::check(IdKind::SecurityGroup, &id).map(|()| Peer::Group(id))),
            address_template(self.address_template).map(|template| template.map(Peer::Template)),
        ];
        let peer = match peers.into_iter().flatten().collect::<Vec<_>>() {
            peers if peers.len() > 1 => {
                return Err(coexist(
                    "CidrBlock, Ipv6CidrBlock, SecurityGroupId and AddressTemplate",
                ));
            }
            // The documented tutorial leaves the peer out and means anywhere.
            peers => peers.into_iter().next().unwrap_or(Ok(Peer::Cidr("0.0.0.0/0".into())))?,
        };
        if let (Service::Plain { protocol, .. }, Peer::Ipv6Cidr(_)) = (&service, &peer)
            && protocol == "icmp"
        {
            return Err(invalid("Protocol", protocol, "an IPv6 peer needs ICMPV6"));
        }
        let action = action(non_empty(self.action).as_deref())?;
        Ok(Rule { service, peer, action, description, modified: now.to_owned() })
    }
}

impl Rule {
    /// Whether both decide the same packets in the same way.
    pub(super) fn same_effect(&self, other: &Self) -> bool {
        (&self.service, &self.peer, self.action) == (&other.service, &other.peer, other.action)
    }

    /// The group that this rule references, if any.
    pub(super) fn referenced_group(&self) -> Option<&str> {
        match &self.peer {
            Peer::Group(id) => Some(id),
            _ => None,
        }
    }

    /// The rule without what changes by itself: index, priority and time.
    pub(super) fn content(&self) -> Value {
        let mut content = json!({
            "CidrBlock": "",
            "Ipv6CidrBlock": "",
            "SecurityGroupId": "",
            "AddressTemplate": AddressTemplate::default(),
            "ServiceTemplate": ServiceTemplate::default(),
            "Action": match self.action { Action::Accept => "ACCEPT", Action::Drop => "DROP" },
            "PolicyDescription": self.description,
        });
        let mut set = |name: &str, value: Value| {
            content.as_object_mut().expect("an object was made above").insert(name.into(), value)
        };
        match &self.service {
            Service::Plain { protocol, port } => {
                set("Protocol", protocol.as_str().into());
                set("Port", port.as_str().into());
            }
            Service::Template(template) => {
                set("ServiceTemplate", json!(template));
            }
        }
        match &self.peer {
            Peer::Cidr(cidr) => set("CidrBlock", cidr.as_str().into()),
            Peer::Ipv6Cidr(cidr) => set("Ipv6CidrBlock", cidr.as_str().into()),
            Peer::Group(id) => set("SecurityGroupId", id.as_str().into()),
            Peer::Template(template) => set("AddressTemplate", json!(template)),
        };
        content
    }

    /// The rule as `DescribeSecurityGroupPolicies` returns it.
    pub(super) fn answer(&self, index: usize) -> Value {
        let mut answer = self.content();
        let more = json!({
            "PolicyIndex": index,
            // Only ever seen as 1 at index 0.
            "Priority": index + 1,
            "ModifyTime": self.modified,
            "Diff": false,
        });
        if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
            answer.extend(more);
        }
        answer
    }
}

fn service(
    protocol: Option<String>,
    port: Option<String>,
    template: Option<&ServiceTemplate>,
    behaviour: &Behaviour,
) -> Result<Service, ApiError> {
    if let Some(template) = template.filter(|template| **template != ServiceTemplate::default()) {
        if protocol.is_some() || port.is_some() {
            return Err(coexist("Protocol, Port and ServiceTemplate"));
        }
        one_of(
            (IdKind::Service, &template.service_id),
            (IdKind::ServiceGroup, &template.service_group_id),
        )?;
        return Ok(Service::Template(template.clone()));
    }
    let protocol = protocol.unwrap_or_else(|| "ALL".to_owned());
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "all" => "ALL".to_owned(),
        known @ ("tcp" | "udp" | "icmp" | "icmpv6" | "gre") => known.to_owned(),
        _ => {
            let known = "use TCP, UDP, ICMP, ICMPV6, GRE or ALL";
            return Err(invalid("Protocol", &protocol, known));
        }
    };
    let port = match port {
        None => "ALL".to_owned(),
        Some(port) if port.eq_ignore_ascii_case("all") => "ALL".to_owned(),
        Some(port) if protocol != "tcp" && protocol != "udp" => {
            return Err(invalid("Port", &port, "only TCP and UDP have ports"));
        }
        Some(port) if is_ports(&port, behaviour) => port,
        Some(port) => return Err(invalid("Port", &port, "use 80, 80,443, 8000-8010 or ALL")),
    };
    Ok(Service::Plain { protocol, port })
}

/// `80`, `80,443` or `8000-8010`; by switch also `80,8000-8010`.
fn is_ports(text: &str, behaviour: &Behaviour) -> bool {
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| digits)
    };
    let is_range = |text: &str| {
        let ends = text.split_once('-').and_then(|(first, last)| number(first).zip(number(last)));
        ends.is_some_and(|(first, last)| first <= last)
    };
    let in_list =
        |text: &str| number(text).is_some() || (behaviour.ranges_in_port_lists && is_range(text));
    is_range(text) || text.split(',').all(in_list)
}

/// An IPv4 address or network, spelled as given.
fn ipv4(cidr: &str, behaviour: &Behaviour) -> Result<String, ApiError> {
    if cidr == "MY_PUBLIC_IP" {
        return Ok(MY_PUBLIC_IP.to_owned());
    }
    let malformed = || malformed("CidrBlock", cidr);
    let (address, mask) = split(cidr, 32).ok_or_else(malformed)?;
    let bits = address.parse::<Ipv4Addr>().ok().ok_or_else(malformed)?.to_bits();
    let network = bits & u32::MAX.checked_shl(32 - mask).unwrap_or(0);
    if bits == 0 && cidr.contains('/') {
        return Ok("0.0.0.0/0".to_owned());
    }
    match behaviour.host_bits {
        HostBits::Clear if network != bits => Ok(format!("{}/{mask}", Ipv4Addr::from(network))),
        HostBits::Refuse if network != bits => Err(malformed()),
        _ => Ok(cidr.to_owned()),
    }
}

/// An IPv6 address or network, spelled as given.
fn ipv6(cidr: &str, behaviour: &Behaviour) -> Result<String, ApiError> {
    let malformed = || malformed("Ipv6CidrBlock", cidr);
    let (address, mask) = split(cidr, 128).ok_or_else(malformed)?;
    let bits = address.parse::<Ipv6Addr>().ok().ok_or_else(malformed)?.to_bits();
    let network = bits & u128::MAX.checked_shl(128 - mask).unwrap_or(0);
    match behaviour.host_bits {
        HostBits::Clear if network != bits => Ok(format!("{}/{mask}", Ipv6Addr::from(network))),
        HostBits::Refuse if network != bits => Err(malformed()),
        _ => Ok(cidr.to_owned()),
    }
}

/// Address and mask; a single address has the longest mask.
fn split(cidr: &str, longest: u32) -> Option<(&str, u32)> {
    match cidr.split_once('/') {
        None => Some((cidr, longest)),
        Some((address, mask)) => {
            mask.parse().ok().filter(|mask| *mask <= longest).map(|mask| (address, mask))
        }
    }
}

fn address_template(
    template: Option<AddressTemplate>,
) -> Option<Result<AddressTemplate, ApiError>> {
    let template = template.filter(|template| *template != AddressTemplate::default())?;
    let known = one_of(
        (IdKind::Address, &template.address_id),
        (IdKind::AddressGroup, &template.address_group_id),
    );
    Some(known.map(|()| template))
}

/// Of the two ids of a template exactly one is given, in its own format.
fn one_of(one: (IdKind, &str), group: (IdKind, &str)) -> Result<(), ApiError> {
    match (one, group) {
        ((kind, id), (_, "")) | ((_, ""), (kind, id)) => id::check(kind, id),
        _ => Err(coexist("the template and the template group")),
    }
}

fn action(action: Option<&str>) -> Result<Action, ApiError> {
    match action {
        Some(action) if action.eq_ignore_ascii_case("accept") => Ok(Action::Accept),
        Some(action) if action.eq_ignore_ascii_case("drop") => Ok(Action::Drop),
        Some(action) => Err(invalid("Action", action, "use ACCEPT or DROP")),
        None => Err(ApiError::new("InvalidParameterValue.Empty", "`Action` is empty.")),
    }
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn invalid(name: &str, value: &str, hint: &str) -> ApiError {
    let message = format!("The value `{value}` of parameter `{name}` is invalid: {hint}.");
    ApiError::new("InvalidParameterValue", message)
}

fn malformed(name: &str, value: &str) -> ApiError {
    let message = format!("The format of parameter `{name}` is invalid: `{value}`.");
    ApiError::new("InvalidParameterValue.Malformed", message)
}

fn coexist(names: &str) -> ApiError {
    ApiError::new("InvalidParameter.Coexist", format!("{names} cannot be given together."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::params;

    fn rule(policy: &Value, behaviour: &Behaviour) -> Result<Rule, ApiError> {
        params::read::<Policy>(policy)?.rule(behaviour, "2026-01-01 08:00:00")
    }

    fn kept(policy: &Value) -> Value {
        rule(policy, &Behaviour::default()).unwrap().answer(0)
    }

    #[test]
    fn unused_fields_of_a_rule_are_empty() {
        assert_eq!(
            kept(
                &json!({"Protocol": "TCP", "Port": "80", "CidrBlock": "10.0.0.0/8", "Action": "accept"})
            ),
            json!({
                "PolicyIndex": 0, "Priority": 1, "Protocol": "tcp", "Port": "80",
                "CidrBlock": "10.0.0.0/8", "Ipv6CidrBlock": "", "SecurityGroupId": "",
                "AddressTemplate": {"AddressId": "", "AddressGroupId": ""},
                "ServiceTemplate": {"ServiceId": "", "ServiceGroupId": ""},
                "Action": "ACCEPT", "PolicyDescription": "",
                "ModifyTime": "2026-01-01 08:00:00", "Diff": false,
            })
        );
    }

    #[test]
    fn values_of_a_rule_are_normalized() {
        #[track_caller]
        fn check(sent: &str, field: &str, expected: &str) {
            let mut policy = json!({"Action": "ACCEPT"});
            policy[field] = sent.into();
            if field == "Port" {
                policy["Protocol"] = "tcp".into();
            }
            assert_eq!(kept(&policy)[field], expected, "{field} {sent}");
        }
        for (sent, expected) in [
            ("TCP", "tcp"),
            ("Udp", "udp"),
            ("ICMP", "icmp"),
            ("ICMPv6", "icmpv6"),
            ("gre", "gre"),
            ("all", "ALL"),
            ("", "ALL"),
        ] {
            check(sent, "Protocol", expected);
        }
        for (sent, expected) in [
            ("all", "ALL"),
            ("", "ALL"),
            ("80,443", "80,443"),
            ("443,80", "443,80"),
            ("80-90", "80-90"),
            ("80-80", "80-80"),
        ] {
            check(sent, "Port", expected);
        }
        for (sent, expected) in [
            ("10.0.2.1", "10.0.2.1"),
            ("10.0.2.1/32", "10.0.2.1/32"),
            ("10.0.0.0/16", "10.0.0.0/16"),
            ("10.0.0.1/16", "10.0.0.1/16"),
            ("0.0.0.0/8", "0.0.0.0/0"),
            ("", "0.0.0.0/0"),
            ("MY_PUBLIC_IP", "203.0.113.7"),
        ] {
            check(sent, "CidrBlock", expected);
        }
        check("2001:DB8::/32", "Ipv6CidrBlock", "2001:DB8::/32");
        check("drop", "Action", "DROP");
    }

    #[test]
    fn rules_of_official_clients_are_read() {
        let policy = json!({
            "PolicyIndex": "0", "Protocol": "TCP", "Port": "80,443", "ServiceTemplate": {},
            "CidrBlock": "10.0.0.0/16", "Ipv6CidrBlock": "", "AddressTemplate": {},
            "SecurityGroupId": "", "Action": "ACCEPT", "PolicyDescription": "r1",
        });
        assert_eq!(kept(&policy)["PolicyDescription"], "r1");
        assert_eq!(params::read::<Policy>(&policy).unwrap().policy_index, Some(UintOrString(0)));
        let absent = kept(&json!({"Action": "ACCEPT", "Protocol": "ICMP", "Port": "all"}));
        assert_eq!((&absent["CidrBlock"], &absent["Port"]), (&json!("0.0.0.0/0"), &json!("ALL")));
        let mine = kept(&json!({"Action": "ACCEPT", "CidrBlock": "MY_PUBLIC_IP"}));
        assert_eq!(mine["PolicyDescription"], "Replaced-From-MY_PUBLIC_IP");
        let template = kept(&json!({
            "Action": "ACCEPT", "ServiceTemplate": {"ServiceId": "ppm-f5n1f8da"},
        }));
        assert_eq!(template.get("Port"), None);
        assert_eq!(template["ServiceTemplate"]["ServiceId"], "ppm-f5n1f8da");
    }

    #[test]
    fn rule_that_was_read_can_be_sent_back() {
        let read = kept(&json!({"Action": "DROP", "Ipv6CidrBlock": "::/0", "Protocol": "TCP"}));
        assert_eq!(kept(&read), read);
    }

    #[test]
    fn host_bits_are_cleared_or_refused_by_switch() {
        let policy = json!({"Action": "ACCEPT", "CidrBlock": "10.0.0.1/16"});
        let clear = Behaviour { host_bits: HostBits::Clear, ..Behaviour::default() };
        assert_eq!(rule(&policy, &clear).unwrap().answer(0)["CidrBlock"], "10.0.0.0/16");
        let refuse = Behaviour { host_bits: HostBits::Refuse, ..Behaviour::default() };
        assert_eq!(rule(&policy, &refuse).unwrap_err().code, "InvalidParameterValue.Malformed");
        let v6 = json!({"Action": "ACCEPT", "Ipv6CidrBlock": "2001:db8::1/32"});
        assert_eq!(rule(&v6, &clear).unwrap().answer(0)["Ipv6CidrBlock"], "2001:db8::/32");
    }

    #[test]
    fn ranges_in_port_lists_are_accepted_by_switch() {
        let policy = json!({"Action": "ACCEPT", "Protocol": "TCP", "Port": "443,8000-9000"});
        let take = Behaviour { ranges_in_port_lists: true, ..Behaviour::default() };
        assert_eq!(rule(&policy, &take).unwrap().answer(0)["Port"], "443,8000-9000");
        let backwards = json!({"Action": "ACCEPT", "Protocol": "TCP", "Port": "443,9000-8000"});
        assert_eq!(rule(&backwards, &take).unwrap_err().code, "InvalidParameterValue");
        let refused = rule(&policy, &Behaviour::default()).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue");
    }

    #[test]
    fn invalid_rule_is_refused() {
        #[track_caller]
        fn check(mut policy: Value, code: &str) {
            policy.as_object_mut().unwrap().entry("Action").or_insert_with(|| "ACCEPT".into());
            assert_eq!(rule(&policy, &Behaviour::default()).unwrap_err().code, code, "{policy}");
        }
        check(json!({"Protocol": "SCTP"}), "InvalidParameterValue");
        check(json!({"Protocol": "ICMP", "Port": "80"}), "InvalidParameterValue");
        check(json!({"Port": "80"}), "InvalidParameterValue");
        for port in ["65536", "90-80", "80,", "80-90,443", "http", "+80", "-"] {
            check(json!({"Protocol": "TCP", "Port": port}), "InvalidParameterValue");
        }
        for cidr in ["10.0.0.0/33", "10.0.0", "::/0", "10.0.0.0/", "everywhere"] {
            check(json!({"CidrBlock": cidr}), "InvalidParameterValue.Malformed");
        }
        check(json!({"Ipv6CidrBlock": "10.0.0.0/8"}), "InvalidParameterValue.Malformed");
        check(json!({"Ipv6CidrBlock": "::/0", "Protocol": "ICMP"}), "InvalidParameterValue");
        check(json!({"SecurityGroupId": "my-group"}), "InvalidParameterValue.Malformed");
        check(
            json!({"CidrBlock": "10.0.0.0/8", "Ipv6CidrBlock": "::/0"}),
            "InvalidParameter.Coexist",
        );
        check(
            json!({"Protocol": "TCP", "ServiceTemplate": {"ServiceId": "ppm-f5n1f8da"}}),
            "InvalidParameter.Coexist",
        );
        check(json!({"Action": ""}), "InvalidParameterValue.Empty");
        check(json!({"Action": "ALLOW"}), "InvalidParameterValue");
        check(json!({"PolicyDescription": "x".repeat(101)}), "InvalidParameterValue.TooLong");
        check(json!({"PolicyIndex": -1}), "InvalidParameterValue");
        check(json!({"PolicyIndex": "top"}), "InvalidParameter");
        check(json!({"Port": 80}), "InvalidParameter");
        check(json!({"Ports": "80"}), "UnknownParameter");
    }
}
