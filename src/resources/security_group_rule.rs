//! `tke_security_group_rule`: one rule of a security group.

use std::time::Duration;

use tf_provider::{
    Computed, Constraint, Cx, DefaultTimeouts, Diagnostic, Diagnostics, Identity, Import, Maybe,
    Model, Normalized, Partial, Resource, Result, Timeouts, constraints::exactly_one_of,
    validate::length,
};

use super::{in_region, planned_region};
use crate::{
    client::Client,
    cloud::Region,
    diagnostics::{Blame, error_diagnostic, no_peer, no_rule_to_import, rule_not_found},
    groups::{self, Handle, RuleSpec, Tracked},
    rules::{
        Action, Direction, GroupId, Ipv4Cidr, Ipv6Cidr, Mismatch, Peer, Ports, Protocol, Rule,
        RuleId,
    },
};

/// One rule of a CVM security group.
///
/// A new rule goes below all others of its direction. A change edits it where it stands, so that
/// there is no gap in traffic and no reordering. Rules are evaluated from the top and the first
/// that matches decides; what no rule matches is dropped.
///
/// The service gives a rule no identifier, so a rule is known by its content, in which spelling
/// plays no part: `TCP` and `tcp`, `80-80` and `80`, `10.0.0.1/32` and `10.0.0.1` are the same. A
/// rule that somebody edited outside Terraform is shown as a change of that rule, as long as it
/// differs in one respect and no other rule could be meant. A rule that was its neighbor before, or that
/// another resource manages, is never taken for it.
#[derive(Model, Clone, Debug)]
pub struct SecurityGroupRule {
    /// Group that the rule belongs to.
    #[tf(requires_replace)]
    security_group_id: Normalized<GroupId>,
    /// `ingress` for traffic to the members of the group, `egress` for traffic from them.
    #[tf(requires_replace)]
    direction: Normalized<Direction>,
    /// What happens to the traffic: `ACCEPT` or `DROP`.
    action: Normalized<Action>,
    /// `TCP`, `UDP`, `ICMP`, `ICMPv6`, `GRE` or `ALL`.
    #[tf(default = "ALL")]
    protocol: Normalized<Protocol>,
    /// Destination ports: one (`443`), several (`80,443`), a range (`8000-9000`), or `ALL`.
    /// Only TCP and UDP have ports.
    #[tf(default = "ALL")]
    port: Normalized<Ports>,
    /// Peer: an IPv4 address or block such as `10.0.0.0/8`. It is the source of ingress, and the
    /// destination of egress.
    cidr_block: Option<Normalized<Ipv4Cidr>>,
    /// Peer: an IPv6 address or block such as `2001:db8::/32`.
    ipv6_cidr_block: Option<Normalized<Ipv6Cidr>>,
    /// Peer: the members of a security group, which may be the group itself.
    referenced_security_group_id: Option<Normalized<GroupId>>,
    /// Free text, shown in the console. It plays no part in telling rules apart.
    #[tf(default = "", validate = length(..=100))]
    description: String,
    /// Region of the group, such as `ap-guangzhou`; the provider's by default.
    #[tf(optional, requires_replace)]
    region: Computed<Normalized<Region>>,
    /// How long operations may take.
    timeouts: Option<Timeouts>,
    /// `<group>_<direction>_<action>_<protocol>_<port>_<peer>` in canonical lower case, which is
    /// also what the rule is imported by.
    #[tf(unknown_on_update)]
    id: Computed<Normalized<RuleId>>,
}

/// Where a rule is, and what it says.
#[derive(Model, Clone, Debug)]
pub struct SecurityGroupRuleIdentity {
    /// Region of the group; the provider's by default.
    region: Option<Normalized<Region>>,
    /// Group that the rule belongs to.
    security_group_id: Normalized<GroupId>,
    /// `ingress` or `egress`.
    direction: Normalized<Direction>,
    /// `ACCEPT` or `DROP`.
    action: Normalized<Action>,
    /// Protocol, or `ALL`.
    protocol: Normalized<Protocol>,
    /// Destination ports, or `ALL`.
    port: Normalized<Ports>,
    /// Peer: an address, a block or a security group.
    peer: Normalized<Peer>,
}

impl Identity for SecurityGroupRuleIdentity {}

impl Resource for SecurityGroupRule {
    const NAME: &'static str = "security_group_rule";
    type Client = Client;
    type Identity = SecurityGroupRuleIdentity;

    fn timeouts() -> DefaultTimeouts {
        let limit = Duration::from_mins(5);
        DefaultTimeouts { create: limit, read: limit, update: limit, delete: limit }
    }

    fn constraints() -> Vec<Constraint> {
        vec![exactly_one_of(&["cidr_block", "ipv6_cidr_block", "referenced_security_group_id"])]
    }

    fn check(config: &Partial<Self>) -> Diagnostics {
        let mut found = Diagnostics::default();
        // What is left out has its default here, and an unknown part goes with everything.
        let protocol = match &config.protocol {
            Maybe::Known(protocol) => **protocol,
            Maybe::Null => Protocol::All,
            Maybe::Unknown => return found,
        };
        if let Err(mismatch) = config.port.known().map_or(Ok(()), |p| protocol.admits_ports(p)) {
            found.push(Diagnostic::invalid(&"port".into(), mismatch));
        }
        let ipv4 = config.cidr_block.known().map(|block| Peer::Ipv4(**block));
        let ipv6 = config.ipv6_cidr_block.known().map(|block| Peer::Ipv6(**block));
        for mismatch in [ipv4, ipv6].iter().flatten().map(|peer| protocol.admits_peer(peer)) {
            if let Err(mismatch) = mismatch {
                found.push(Diagnostic::invalid(&"protocol".into(), mismatch));
            }
        }
        found
    }

    fn plan(
        plan: &mut Partial<Self>,
        _prior: Option<&Self>,
        client: Option<&Client>,
    ) -> Diagnostics {
        planned_region(&mut plan.region, client);
        if let Some(id) = planned_id(plan) {
            plan.id = Maybe::Known(id.into());
        }
        Diagnostics::default()
    }

    fn identity(&self) -> Option<SecurityGroupRuleIdentity> {
        let RuleId { group, rule } = self.id.ok()?.value();
        Some(SecurityGroupRuleIdentity {
            region: Some(self.region.ok()?.clone()),
            security_group_id: group.clone().into(),
            direction: rule.direction().into(),
            action: rule.action().into(),
            protocol: rule.protocol().into(),
            port: rule.ports().clone().into(),
            peer: rule.peer().clone().into(),
        })
    }

    async fn create(self, cx: &Cx<Client>) -> Result<Self> {
        let (group, spec) = (self.group(cx)?, self.spec()?);
        let added = group.add_rule(&spec, cx.cancelled()).await;
        added.map_err(failed_to("create", &id_of(&group, &spec), &spec))?;
        let created = self.with(group.region(), spec.clone());
        cx.save(&created);
        remember(&group, &spec, cx).await;
        Ok(created)
    }

    async fn read(self, cx: &Cx<Client>) -> Result<Option<Self>> {
        let (group, spec) = (self.group(cx)?, self.spec()?);
        let neighbors =
            cx.private(NEIGHBORS).and_then(|text| text.parse().ok()).unwrap_or_default();
        let tracked = group.track_rule(&spec, &neighbors, cx.cancelled()).await;
        match tracked.map_err(failed_to("read", &id_of(&group, &spec), &spec))? {
            Tracked::Same(there) | Tracked::Drifted(there, _) => {
                remember(&group, &there, cx).await;
                Ok(Some(self.with(group.region(), there)))
            }
            Tracked::Gone(candidates) => {
                if !candidates.is_empty() {
                    let candidates = candidates.iter().map(|near| id_of(&group, near));
                    cx.warn(rule_not_found(&id_of(&group, &spec), candidates));
                }
                Ok(None)
            }
        }
    }

    async fn update(self, prior: Self, cx: &Cx<Client>) -> Result<Self> {
        let (group, before, spec) = (self.group(cx)?, prior.spec()?, self.spec()?);
        let edited = group.edit_rule(&before, &spec, cx.cancelled()).await;
        edited.map_err(failed_to("update", &id_of(&group, &before), &spec))?;
        remember(&group, &spec, cx).await;
        Ok(self.with(group.region(), spec))
    }

    async fn delete(self, cx: &Cx<Client>) -> Result<()> {
        let (group, spec) = (self.group(cx)?, self.spec()?);
        let removed = group.remove_rule(&spec, cx.cancelled()).await;
        removed.map_err(failed_to("delete", &id_of(&group, &spec), &spec))
    }

    /// By `sg-x_ingress_accept_udp_53_sg-y`, with the region and a slash before it where that is
    /// not the provider's.
    async fn import(
        what: Import<SecurityGroupRuleIdentity>,
        cx: &Cx<Client>,
    ) -> Result<Option<Self>> {
        let (region, id): (_, RuleId) = match what {
            Import::Id(text) => in_region(&text)?,
            Import::Identity(identity) => identity.rule()?,
        };
        let region = cx.client().region(region.as_ref())?;
        let group = cx.client().groups.at(&region, &id.group);
        let failed = |why| error_diagnostic(format!("import rule {id}"), &why, &[]);
        if let Some(found) = group.find_rule(&id.rule, cx.cancelled()).await.map_err(failed)? {
            return Ok(Some(Self::imported(id, &region, found)?));
        }
        let near = group.nearest_rules(&id.rule, cx.cancelled()).await.map_err(failed)?;
        let near = near.iter().map(|near| id_of(&group, near));
        Err(no_rule_to_import(&id, near).into())
    }
}

impl SecurityGroupRuleIdentity {
    fn rule(self) -> Result<(Option<Region>, RuleId)> {
        let (ports, peer) = (self.port.into_value(), self.peer.into_value());
        let rule = Rule::new(*self.direction, *self.action, *self.protocol, ports, peer);
        let rule = rule.map_err(|wrong| Diagnostic::invalid(&blame(wrong).into(), wrong))?;
        let group = self.security_group_id.into_value();
        Ok((self.region.map(Normalized::into_value), RuleId { group, rule }))
    }
}

impl SecurityGroupRule {
    fn group(&self, cx: &Cx<Client>) -> Result<Handle> {
        let region = cx.client().region(self.region.ok().map(Normalized::value))?;
        Ok(cx.client().groups.at(&region, &self.security_group_id))
    }

    /// What the service is to hold.
    fn spec(&self) -> Result<RuleSpec> {
        let peer = peer(
            self.cidr_block.as_ref(),
            self.ipv6_cidr_block.as_ref(),
            self.referenced_security_group_id.as_ref(),
        );
        let rule = peer.map_or(Ok(None), |peer| {
            let ports = self.port.value().clone();
            Rule::new(*self.direction, *self.action, *self.protocol, ports, peer).map(Some)
        });
        match rule {
            Ok(Some(rule)) => Ok(RuleSpec { rule, description: self.description.clone() }),
            Ok(None) => Err(no_peer().into()),
            Err(mismatch) => Err(Diagnostic::invalid(&blame(mismatch).into(), mismatch).into()),
        }
    }

    /// The same rule as the service holds it. The layer keeps the user's spelling where both mean
    /// the same.
    fn with(self, region: &Region, there: RuleSpec) -> Self {
        let RuleSpec { rule, description } = there;
        let id = RuleId { group: self.security_group_id.value().clone(), rule };
        let rule = &id.rule;
        let mut with = Self {
            action: rule.action().into(),
            protocol: rule.protocol().into(),
            port: rule.ports().clone().into(),
            cidr_block: None,
            ipv6_cidr_block: None,
            referenced_security_group_id: None,
            description,
            region: Normalized::new(region.clone()).into(),
            id: Computed::unknown(),
            ..self
        };
        match rule.peer() {
            Peer::Ipv4(block) => with.cidr_block = Some((*block).into()),
            Peer::Ipv6(block) => with.ipv6_cidr_block = Some((*block).into()),
            Peer::Group(group) => with.referenced_security_group_id = Some(group.clone().into()),
        }
        Self { id: Normalized::new(id).into(), ..with }
    }

    fn imported(id: RuleId, region: &Region, found: RuleSpec) -> Result<Self> {
        let imported = Self::with_defaults(&Partial::<Self> {
            direction: Normalized::new(id.rule.direction()).into(),
            action: Normalized::new(id.rule.action()).into(),
            security_group_id: Normalized::new(id.group).into(),
            ..Default::default()
        })?;
        Ok(imported.with(region, found))
    }
}

/// Key of the neighbors that the rule had when it was last read.
const NEIGHBORS: &str = "neighbors";

/// Stores the neighbors of an existing rule, so that none of them is ever taken for this rule.
async fn remember(group: &Handle, there: &RuleSpec, cx: &Cx<Client>) {
    // Without it a later search is less sure of itself, which is no reason to fail now.
    if let Ok(neighbors) = group.neighbors_of(there, cx.cancelled()).await {
        let text = neighbors.to_string();
        if cx.private(NEIGHBORS).as_ref() != Some(&text) {
            cx.set_private(NEIGHBORS, text);
        }
    }
}

/// The id follows from the content, so a plan knows it as soon as it knows the content.
fn planned_id(plan: &Partial<SecurityGroupRule>) -> Option<RuleId> {
    let peer = peer(
        plan.cidr_block.known(),
        plan.ipv6_cidr_block.known(),
        plan.referenced_security_group_id.known(),
    )?;
    let rule = Rule::new(
        **plan.direction.known()?,
        **plan.action.known()?,
        **plan.protocol.known()?,
        plan.port.known()?.value().clone(),
        peer,
    );
    Some(RuleId { group: plan.security_group_id.known()?.value().clone(), rule: rule.ok()? })
}

fn peer(
    ipv4: Option<&Normalized<Ipv4Cidr>>,
    ipv6: Option<&Normalized<Ipv6Cidr>>,
    group: Option<&Normalized<GroupId>>,
) -> Option<Peer> {
    let ipv4 = ipv4.map(|block| Peer::Ipv4(**block));
    let ipv6 = ipv6.map(|block| Peer::Ipv6(**block));
    ipv4.or(ipv6).or_else(|| group.map(|group| Peer::Group(group.value().clone())))
}

fn id_of(group: &Handle, spec: &RuleSpec) -> RuleId {
    RuleId { group: group.id().clone(), rule: spec.rule.clone() }
}

/// What the service calls our attributes.
const PARAMETERS: Blame<'_> = &[
    ("Action", "action"),
    ("CidrBlock", "cidr_block"),
    ("Ipv6CidrBlock", "ipv6_cidr_block"),
    ("PolicyDescription", "description"),
    ("Port", "port"),
    ("Protocol", "protocol"),
];

/// For `map_err`: what could not be done to the rule `id`, and which attribute of `spec` is to
/// blame.
fn failed_to(
    verb: &str,
    id: &RuleId,
    spec: &RuleSpec,
) -> impl FnOnce(groups::Error) -> Diagnostics {
    move |why| {
        let mut blame = vec![(id.group.as_str(), "security_group_id")];
        if let Peer::Group(peer) = spec.rule.peer() {
            blame.push((peer.as_str(), "referenced_security_group_id"));
        }
        blame.extend(PARAMETERS);
        error_diagnostic(format!("{verb} rule {id}"), &why, &blame)
    }
}

/// The attribute to change when two do not go together.
fn blame(mismatch: Mismatch) -> &'static str {
    match mismatch {
        Mismatch::Ports(_) => "port",
        Mismatch::IcmpOverIpv6 | Mismatch::Icmpv6OverIpv4 => "protocol",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule with these parts; `?` is unknown, and an empty one null.
    fn planned(parts: [&str; 7]) -> Partial<SecurityGroupRule> {
        fn part<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Maybe<Normalized<T>> {
            match text {
                "" => Maybe::Null,
                "?" => Maybe::Unknown,
                text => Maybe::Known(text.parse().unwrap()),
            }
        }
        let [group, direction, protocol, port, ipv4, ipv6, peer] = parts;
        Partial::<SecurityGroupRule> {
            security_group_id: part(group),
            direction: part(direction),
            action: part("Accept"),
            protocol: part(protocol),
            port: part(port),
            cidr_block: part(ipv4),
            ipv6_cidr_block: part(ipv6),
            referenced_security_group_id: part(peer),
            ..Default::default()
        }
    }

    #[test]
    fn id_is_planned_when_the_content_is_known() {
        #[track_caller]
        fn check(parts: [&str; 7], expected: Option<&str>) {
            let id = planned_id(&planned(parts)).map(|id| id.to_string());
            assert_eq!(id.as_deref(), expected);
        }
        check(
            ["sg-x", "ingress", "TCP", "80-80,443", "10.0.0.1/32", "", ""],
            Some("sg-x_ingress_accept_tcp_80,443_10.0.0.1"),
        );
        check(
            ["sg-x", "egress", "all", "all", "", "2001:DB8::0/32", ""],
            Some("sg-x_egress_accept_all_all_2001:db8::/32"),
        );
        check(
            ["sg-x", "ingress", "UDP", "53", "", "", "sg-y"],
            Some("sg-x_ingress_accept_udp_53_sg-y"),
        );
        check(["?", "ingress", "UDP", "53", "", "", "sg-y"], None);
        check(["sg-x", "ingress", "UDP", "?", "", "", "sg-y"], None);
        check(["sg-x", "ingress", "UDP", "53", "", "", "?"], None);
        check(["sg-x", "ingress", "UDP", "53", "", "", ""], None);
        check(["sg-x", "ingress", "ICMP", "53", "", "", "sg-y"], None);
    }

    #[test]
    fn mismatched_parts_are_refused_when_known() {
        #[track_caller]
        fn check(protocol: &str, port: &str, ipv4: &str, ipv6: &str, expected: &str) {
            let plan = planned(["sg-x", "ingress", protocol, port, ipv4, ipv6, ""]);
            let found = <SecurityGroupRule as Resource>::check(&plan);
            let paths = found.iter().filter_map(|one| one.path.as_ref()).map(ToString::to_string);
            assert_eq!(paths.collect::<Vec<_>>().join(" "), expected, "{protocol} {port}");
        }
        check("TCP", "443", "10.0.0.0/8", "", "");
        check("ICMP", "ALL", "10.0.0.0/8", "", "");
        check("GRE", "443", "10.0.0.0/8", "", "port");
        check("", "443", "10.0.0.0/8", "", "port");
        check("?", "443", "10.0.0.0/8", "", "");
        check("GRE", "?", "?", "", "");
        check("ICMP", "ALL", "", "::/0", "protocol");
        check("ICMPv6", "443", "10.0.0.0/8", "", "port protocol");
    }

    #[test]
    fn other_spelling_is_semantically_equal() {
        #[track_caller]
        fn check(attribute: &str, a: &str, b: &str, expected: bool) {
            let object = SecurityGroupRule::object();
            let attribute = object.attribute(attribute).unwrap();
            assert_eq!(attribute.semantic_equals.holds(&a.into(), &b.into()), expected, "{a} {b}");
        }
        check("action", "ACCEPT", "accept", true);
        check("action", "ACCEPT", "DROP", false);
        check("protocol", "ICMPv6", "icmpv6", true);
        check("port", "80-80,443", "80,443", true);
        check("port", "0-65535", "ALL", false);
        check("cidr_block", "10.0.0.1/32", "10.0.0.1", true);
        check("cidr_block", "10.0.0.0/8", "10.0.0.0/9", false);
        check("ipv6_cidr_block", "2001:DB8:0::/48", "2001:db8::/48", true);
        check("description", "It", "it", false);
    }
}
