//! The rules of a group at one version, and looking things up among them. Pure.

use super::{NeighborFingerprints, RuleSpec};
use crate::{
    cloud::api::vpc::{SecurityGroupPolicy, SecurityGroupPolicySet},
    rules::{
        Difference, Direction, GroupId, Ipv4Cidr, Ipv6Cidr, Peer, PortRange, Ports, Protocol, Rule,
    },
};

/// All rules of a group as they were at `version`.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) version: Option<String>,
    /// Rules that no [`Rule`] can express (templates) are left out, and never touched.
    entries: Vec<Entry>,
}

/// A rule and its position.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) index: u64,
    pub(super) spec: RuleSpec,
}

impl Snapshot {
    pub(super) fn new(set: SecurityGroupPolicySet) -> Self {
        let SecurityGroupPolicySet { version, ingress, egress } = set;
        let entries = [(Direction::Ingress, ingress), (Direction::Egress, egress)]
            .into_iter()
            .flat_map(|(direction, policies)| {
                (0..).zip(policies).filter_map(move |(position, policy)| {
                    let index = policy.policy_index.unwrap_or(position);
                    Some(Entry { index, spec: spec(direction, policy)? })
                })
            })
            .collect();
        Self { version, entries }
    }

    /// The entry that says the same. Of twins, the one with the same description, else the first.
    pub(super) fn find(&self, wanted: &RuleSpec) -> Option<&Entry> {
        let twins = || self.entries.iter().filter(|entry| entry.spec.rule == wanted.rule);
        twins()
            .find(|entry| entry.spec.description == wanted.description)
            .or_else(|| twins().next())
    }

    /// Rules that may be `wanted` after somebody edited it: they differ in one respect, and the
    /// description does not contradict it. Whether they were neighbors before, [`NeighborFingerprints`]
    /// tell.
    pub(super) fn near(&self, wanted: &RuleSpec) -> impl Iterator<Item = (&RuleSpec, Difference)> {
        let RuleSpec { rule, description } = wanted;
        self.entries
            .iter()
            .map(|entry| &entry.spec)
            .filter(|spec| description.is_empty() || *description == spec.description)
            .filter_map(|spec| Some((spec, rule.near(&spec.rule)?)))
    }

    /// The neighbors of an existing rule.
    pub(super) fn neighbors(&self, spec: &RuleSpec) -> NeighborFingerprints {
        self.near(spec).map(|(near, _)| &near.rule).collect()
    }

    /// The rules whose other end is this group.
    pub(super) fn references(&self, group: &GroupId) -> Vec<RuleSpec> {
        self.entries
            .iter()
            .map(|entry| &entry.spec)
            .filter(|spec| matches!(spec.rule.peer(), Peer::Group(peer) if peer == group))
            .cloned()
            .collect()
    }

    /// The `most` rules of the same direction that are most like `rule`, best first.
    pub(super) fn nearest(&self, rule: &Rule, most: usize) -> Vec<RuleSpec> {
        let mut specs: Vec<&RuleSpec> = self
            .entries
            .iter()
            .map(|entry| &entry.spec)
            .filter(|spec| spec.rule.direction() == rule.direction())
            .collect();
        specs.sort_by_key(|spec| rule.differences(&spec.rule).count());
        specs.into_iter().take(most).cloned().collect()
    }
}

/// What the service's rule says, if it can be expressed as a [`Rule`].
fn spec(direction: Direction, policy: SecurityGroupPolicy) -> Option<RuleSpec> {
    let templates = policy.service_template.unwrap_or_default();
    let addresses = policy.address_template.unwrap_or_default();
    let by_reference = [
        templates.service_id,
        templates.service_group_id,
        addresses.address_id,
        addresses.address_group_id,
    ];
    if by_reference.iter().any(|id| !id.is_empty()) {
        return None;
    }
    let given = |field: Option<String>| field.filter(|text| !text.is_empty());
    let protocol = given(policy.protocol).map_or(Ok(Protocol::All), |text| text.parse()).ok()?;
    let ports =
        given(policy.port).map_or(Ok(Ports::ALL), |text| Ports::parse_normalized(&text)).ok()?;
    let peer = match (
        given(policy.cidr_block),
        given(policy.ipv6_cidr_block),
        given(policy.security_group_id),
    ) {
        (Some(block), None, None) => Peer::Ipv4(Ipv4Cidr::parse_normalized(&block).ok()?),
        (None, Some(block), None) => Peer::Ipv6(Ipv6Cidr::parse_normalized(&block).ok()?),
        (None, None, Some(id)) => Peer::Group(id.parse().ok()?),
        _ => return None,
    };
    let action = policy.action?.parse().ok()?;
    let rule = Rule::new(direction, action, protocol, ports, peer).ok()?;
    Some(RuleSpec { rule, description: policy.policy_description.unwrap_or_default() })
}

/// The rule as requests write it, without an index.
pub(super) fn policy(spec: &RuleSpec) -> SecurityGroupPolicy {
    let rule = &spec.rule;
    let mut policy = SecurityGroupPolicy {
        protocol: Some(rule.protocol().to_string().to_ascii_uppercase()),
        // The reference forbids a port with the other protocols, even `ALL`.
        port: matches!(rule.protocol(), Protocol::Tcp | Protocol::Udp | Protocol::All)
            .then(|| as_sent(rule.ports())),
        action: Some(rule.action().to_string()),
        policy_description: Some(spec.description.clone()),
        ..SecurityGroupPolicy::default()
    };
    match rule.peer() {
        Peer::Ipv4(block) => policy.cidr_block = Some(block.to_string()),
        Peer::Ipv6(block) => policy.ipv6_cidr_block = Some(block.to_string()),
        Peer::Group(id) => policy.security_group_id = Some(id.to_string()),
    }
    policy
}

/// Ports as the reference writes them: a list of ports, or one range. `80,81,443` is such a list,
/// but its canonical form mixes both. What cannot be written so goes as it is.
fn as_sent(ports: &Ports) -> String {
    let count = |range: &PortRange| usize::from(range.last - range.first) + 1;
    let total: usize = ports.ranges().iter().map(count).sum();
    if ports.ranges().len() < 2 || total > LONGEST_LIST {
        return ports.to_string();
    }
    let each = ports.ranges().iter().flat_map(|range| range.first..=range.last);
    each.map(|port| port.to_string()).collect::<Vec<_>>().join(",")
}

/// Beyond so many ports, nobody has written them one by one.
const LONGEST_LIST: usize = 30;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::{RuleId, strategy};

    fn read(json: &str) -> Option<String> {
        let policy = serde_json::from_str(json).unwrap();
        let RuleSpec { rule, description } = spec(Direction::Ingress, policy)?;
        let group = "sg-x".parse().unwrap();
        Some(format!("{} {description:?}", RuleId { group, rule }))
    }

    #[test]
    fn recorded_entries_are_parsed() {
        insta::assert_snapshot!(read(r#"{"PolicyIndex":0,"Priority":1,"Port":"ALL","CidrBlock":"0.0.0.0/0","Ipv6CidrBlock":"","SecurityGroupId":"","Action":"ACCEPT","ModifyTime":"2025-12-09 23:14:52","PolicyDescription":"Allow all ingress","Protocol":"ALL","ServiceTemplate":{"ServiceId":"","ServiceGroupId":""},"AddressTemplate":{"AddressId":"","AddressGroupId":""},"Diff":false}"#).unwrap(), @r#"sg-x_ingress_accept_all_all_0.0.0.0/0 "Allow all ingress""#);
        insta::assert_snapshot!(read(r#"{"Protocol":"tcp","Port":"443,80","CidrBlock":"","Ipv6CidrBlock":"::0/0","Action":"ACCEPT"}"#).unwrap(), @r#"sg-x_ingress_accept_tcp_80,443_::/0 """#);
        insta::assert_snapshot!(read(r#"{"SecurityGroupId":"sg-y","Action":"DROP","PolicyDescription":null}"#).unwrap(), @r#"sg-x_ingress_drop_all_all_sg-y """#);
        insta::assert_snapshot!(read(r#"{"Protocol":"icmpv6","Port":"ALL","Ipv6CidrBlock":"2001:DB8::1/32","Action":"accept"}"#).unwrap(), @r#"sg-x_ingress_accept_icmpv6_all_2001:db8::/32 """#);
    }

    #[test]
    fn inexpressible_entry_is_no_rule() {
        for json in [
            r#"{"ServiceTemplate":{"ServiceId":"ppm-1"},"CidrBlock":"10.0.0.1","Action":"ACCEPT"}"#,
            r#"{"AddressTemplate":{"AddressGroupId":"ipmg-1"},"Action":"ACCEPT"}"#,
            r#"{"Protocol":"sctp","CidrBlock":"10.0.0.1","Action":"ACCEPT"}"#,
            r#"{"CidrBlock":"10.0.0.1"}"#,
            r#"{"Action":"ACCEPT"}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn ports_are_sent_as_list_or_range() {
        for (written, sent) in [
            ("ALL", "ALL"),
            ("80,81,443", "80,81,443"),
            ("80,81", "80-81"),
            ("8000-9000", "8000-9000"),
            ("443,8000-9000", "443,8000-9000"),
        ] {
            assert_eq!(as_sent(&written.parse().unwrap()), sent);
        }
    }

    #[test]
    fn positions_count_entries_that_are_left_out() {
        let set = r#"{"Version":"7","Ingress":[
            {"AddressTemplate":{"AddressId":"ipm-1"},"Action":"DROP"},
            {"CidrBlock":"10.0.0.1","Action":"DROP"}
        ]}"#;
        let snapshot = Snapshot::new(serde_json::from_str(set).unwrap());
        assert_eq!(snapshot.entries.len(), 1);
        assert_eq!(snapshot.entries[0].index, 1);
    }

    proptest! {
        #[test]
        fn rule_round_trips_through_the_api(rule in strategy::rule(), description in ".{0,9}") {
            let wanted = RuleSpec { rule, description };
            prop_assert_eq!(spec(wanted.rule.direction(), policy(&wanted)), Some(wanted));
        }
    }
}
