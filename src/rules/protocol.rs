//! The parts of a rule that are one word: direction, action, protocol.

use std::{fmt, str::FromStr};

use super::{Mismatch, Peer, Ports};
use crate::parse_error::ParseError;

/// Which way the traffic goes, seen from whoever carries the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Traffic towards the carrier of the group.
    Ingress,
    /// Traffic away from it.
    Egress,
}

/// What happens to the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It passes.
    Accept,
    /// It is dropped without an answer.
    Drop,
}

/// The protocol that the traffic speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP for IPv4.
    Icmp,
    /// ICMP for IPv6.
    Icmpv6,
    /// GRE tunnels.
    Gre,
    /// Every protocol.
    All,
}

impl Protocol {
    /// Whether a rule of this protocol may name these ports.
    pub fn admits_ports(self, ports: &Ports) -> Result<(), Mismatch> {
        match self {
            Self::Tcp | Self::Udp => Ok(()),
            _ if ports.is_all() => Ok(()),
            _ => Err(Mismatch::Ports(self)),
        }
    }

    /// Whether a rule of this protocol may have this peer.
    pub fn admits_peer(self, peer: &Peer) -> Result<(), Mismatch> {
        match (self, peer) {
            (Self::Icmp, Peer::Ipv6(_)) => Err(Mismatch::IcmpOverIpv6),
            (Self::Icmpv6, Peer::Ipv4(_)) => Err(Mismatch::Icmpv6OverIpv4),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Accept => "ACCEPT",
            Self::Drop => "DROP",
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Icmp => "ICMP",
            Self::Icmpv6 => "ICMPv6",
            Self::Gre => "GRE",
            Self::All => "ALL",
        })
    }
}

impl FromStr for Direction {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        word(text, &[Self::Ingress, Self::Egress])
    }
}

impl FromStr for Action {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        word(text, &[Self::Accept, Self::Drop])
    }
}

impl FromStr for Protocol {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        word(text, &[Self::Tcp, Self::Udp, Self::Icmp, Self::Icmpv6, Self::Gre, Self::All])
    }
}

/// The one of `all` that is written as `text`, in any letter case.
fn word<T: Copy + fmt::Display>(text: &str, all: &[T]) -> Result<T, ParseError> {
    let spellings: Vec<String> = all.iter().map(T::to_string).collect();
    all.iter()
        .zip(&spellings)
        .find_map(|(value, spelling)| spelling.eq_ignore_ascii_case(text).then_some(*value))
        .ok_or_else(|| ParseError::expected(format!("one of {}", spellings.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parsed_in_any_letter_case() {
        for (text, protocol) in [
            ("TCP", Protocol::Tcp),
            ("udp", Protocol::Udp),
            ("Icmp", Protocol::Icmp),
            ("ICMPV6", Protocol::Icmpv6),
            ("gre", Protocol::Gre),
            ("all", Protocol::All),
        ] {
            assert_eq!(text.parse(), Ok(protocol));
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        assert_eq!("Accept".parse(), Ok(Action::Accept));
        assert_eq!("INGRESS".parse(), Ok(Direction::Ingress));
    }

    #[test]
    fn unknown_word_is_refused_with_the_expected_ones() {
        let error = |text: &str| text.parse::<Protocol>().unwrap_err().to_string();
        insta::assert_snapshot!(error("sctp"), @"expected one of TCP, UDP, ICMP, ICMPv6, GRE, ALL");
        insta::assert_snapshot!(error(""), @"expected one of TCP, UDP, ICMP, ICMPv6, GRE, ALL");
        insta::assert_snapshot!("allow".parse::<Action>().unwrap_err(), @"expected one of ACCEPT, DROP");
        insta::assert_snapshot!("in".parse::<Direction>().unwrap_err(), @"expected one of ingress, egress");
    }
}
