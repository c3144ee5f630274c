//! How far two rules are apart: what makes a rule edited elsewhere recognisable.

use std::fmt;

use super::Rule;

/// A respect in which two rules of one direction differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// Accepted by one, dropped by the other.
    Action,
    /// Protocol, ports, or both: going from TCP 53 to UDP 53 is one edit to a person.
    Traffic,
    /// The other end.
    Peer,
}

impl Rule {
    /// In what respects `other` differs.
    pub fn differences(&self, other: &Self) -> impl Iterator<Item = Difference> {
        let traffic = (self.protocol, &self.ports) != (other.protocol, &other.ports);
        [
            (self.action != other.action, Difference::Action),
            (traffic, Difference::Traffic),
            (self.peer != other.peer, Difference::Peer),
        ]
        .into_iter()
        .filter_map(|(differs, respect)| differs.then_some(respect))
    }

    /// The one respect in which `other` differs, if it has this rule's direction and differs in
    /// exactly one: then it may well be this rule after somebody edited it.
    pub fn near(&self, other: &Self) -> Option<Difference> {
        let mut differences = self.differences(other);
        let first = differences.next().filter(|_| self.direction == other.direction)?;
        differences.next().is_none().then_some(first)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Action => "action",
            Self::Traffic => "protocol and port",
            Self::Peer => "peer",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::{RuleId, strategy};

    #[track_caller]
    fn check(other: &str, expected: Option<Difference>) {
        let rule = |text: &str| format!("sg-x_{text}").parse::<RuleId>().unwrap().rule;
        assert_eq!(rule("ingress_accept_tcp_443_10.0.0.0/8").near(&rule(other)), expected);
    }

    #[test]
    fn rules_that_differ_in_one_respect_are_near() {
        check("ingress_drop_tcp_443_10.0.0.0/8", Some(Difference::Action));
        check("ingress_accept_tcp_8443_10.0.0.0/8", Some(Difference::Traffic));
        check("ingress_accept_udp_443_10.0.0.0/8", Some(Difference::Traffic));
        check("ingress_accept_udp_53_10.0.0.0/8", Some(Difference::Traffic));
        check("ingress_accept_tcp_443_sg-y", Some(Difference::Peer));
    }

    #[test]
    fn equal_or_distant_rules_are_not_near() {
        check("ingress_accept_tcp_443_10.0.0.0/8", None);
        check("egress_accept_tcp_443_10.0.0.0/8", None);
        check("egress_accept_tcp_8443_10.0.0.0/8", None);
        check("ingress_accept_tcp_8443_10.1.0.0/16", None);
        check("ingress_drop_tcp_8443_10.0.0.0/8", None);
    }

    proptest! {
        #[test]
        fn near_is_symmetric(a in strategy::rule(), b in strategy::rule()) {
            prop_assert_eq!(a.near(&b), b.near(&a));
        }
    }
}
