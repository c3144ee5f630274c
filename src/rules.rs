//! A rule of a security group as a value: what it says, how it is written, when two are the same.
//!
//! The service gives a rule no id, only a position that moves whenever a neighbour is added or
//! removed. A rule is therefore known by its content in canonical form: spelling that means the
//! same (`TCP` and `tcp`, `80-80` and `80`, `10.0.0.1/32` and `10.0.0.1`) parses to equal values.
//! The description is not part of it, so that editing a description never loses the rule.
//!
//! Nothing here does I/O, reads a clock, or knows how the cloud or Terraform write a rule.

mod id;
mod near;
mod peer;
mod ports;
mod protocol;

pub use self::{
    id::RuleId,
    near::Difference,
    peer::{GroupId, Ipv4Cidr, Ipv6Cidr, Peer},
    ports::{PortRange, Ports},
    protocol::{Action, Direction, Protocol},
};

/// What one rule says, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    direction: Direction,
    action: Action,
    protocol: Protocol,
    ports: Ports,
    peer: Peer,
}

impl Rule {
    /// Puts the parts together, if they go together.
    pub fn new(
        direction: Direction,
        action: Action,
        protocol: Protocol,
        ports: Ports,
        peer: Peer,
    ) -> Result<Self, Mismatch> {
        protocol.admits_ports(&ports)?;
        protocol.admits_peer(&peer)?;
        Ok(Self { direction, action, protocol, ports, peer })
    }

    /// Which way the traffic goes.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// What happens to the traffic.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The protocol it speaks.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The ports it goes to.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Who is at the other end: the source of ingress, the destination of egress.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

/// Why two parts of a rule do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Ports were given for a protocol that has none.
    #[error("only TCP and UDP have ports; with protocol {0} the port is `ALL`")]
    Ports(Protocol),
    /// ICMP with an IPv6 peer.
    #[error("ICMP is IPv4 only; an IPv6 block takes ICMPv6")]
    IcmpOverIpv6,
    /// ICMP for IPv6 with an IPv4 peer.
    #[error("ICMPv6 is IPv6 only; an IPv4 block takes ICMP")]
    Icmpv6OverIpv4,
}

#[cfg(test)]
pub(crate) mod strategy {
    //! Every rule that can be written, for property tests.

    use proptest::prelude::*;

    use super::*;

    pub(crate) fn rule() -> impl Strategy<Value = Rule> {
        (direction(), action(), protocol(), ports(), peer()).prop_filter_map(
            "parts that go together",
            |(direction, action, protocol, ports, peer)| {
                Rule::new(direction, action, protocol, ports, peer).ok()
            },
        )
    }

    fn direction() -> impl Strategy<Value = Direction> {
        prop_oneof![Just(Direction::Ingress), Just(Direction::Egress)]
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![Just(Action::Accept), Just(Action::Drop)]
    }

    fn protocol() -> impl Strategy<Value = Protocol> {
        // TCP and UDP twice as often as the rest, since only they let most ports through.
        prop_oneof![
            3 => Just(Protocol::Tcp),
            3 => Just(Protocol::Udp),
            1 => Just(Protocol::Icmp),
            1 => Just(Protocol::Icmpv6),
            1 => Just(Protocol::Gre),
            1 => Just(Protocol::All),
        ]
    }

    fn ports() -> impl Strategy<Value = Ports> {
        let piece =
            (any::<u16>(), any::<u16>()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)));
        prop_oneof![
            Just("ALL".to_owned()),
            any::<u16>().prop_map(|port| port.to_string()),
            proptest::collection::vec(piece, 1..5).prop_map(|pieces| pieces.join(",")),
        ]
        .prop_map(|text| Ports::parse_normalized(&text).unwrap())
    }

    fn peer() -> impl Strategy<Value = Peer> {
        prop_oneof![
            (any::<u32>(), 1..=32_u8).prop_map(|(address, length)| {
                Peer::Ipv4(
                    Ipv4Cidr::parse_normalized(&format!(
                        "{}/{length}",
                        std::net::Ipv4Addr::from_bits(address)
                    ))
                    .unwrap(),
                )
            }),
            (any::<u128>(), 0..=128_u8).prop_map(|(address, length)| {
                Peer::Ipv6(
                    Ipv6Cidr::parse_normalized(&format!(
                        "{}/{length}",
                        std::net::Ipv6Addr::from_bits(address)
                    ))
                    .unwrap(),
                )
            }),
            "sg-[0-9a-z]{8}".prop_map(|id| Peer::Group(id.parse().unwrap())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(protocol: &str, ports: &str, peer: &str, expected: Result<(), Mismatch>) {
        let rule = Rule::new(
            Direction::Ingress,
            Action::Accept,
            protocol.parse().unwrap(),
            ports.parse().unwrap(),
            peer.parse().unwrap(),
        );
        assert_eq!(rule.map(drop), expected);
    }

    #[test]
    fn matching_parts_make_a_rule() {
        check("tcp", "80,443", "10.0.0.0/8", Ok(()));
        check("udp", "ALL", "::/0", Ok(()));
        check("icmp", "ALL", "10.0.0.0/8", Ok(()));
        check("icmpv6", "ALL", "::/0", Ok(()));
        check("icmpv6", "ALL", "sg-12345678", Ok(()));
        check("all", "ALL", "sg-12345678", Ok(()));
    }

    #[test]
    fn mismatched_parts_are_refused() {
        check("gre", "80", "10.0.0.0/8", Err(Mismatch::Ports(Protocol::Gre)));
        check("all", "80", "10.0.0.0/8", Err(Mismatch::Ports(Protocol::All)));
        check("icmp", "ALL", "::/0", Err(Mismatch::IcmpOverIpv6));
        check("icmpv6", "ALL", "10.0.0.0/8", Err(Mismatch::Icmpv6OverIpv4));
    }
}
