//! The name of a rule across tools: `<group>_<direction>_<action>_<protocol>_<ports>_<peer>`.

use std::{fmt, str::FromStr};

use super::{GroupId, Rule};
use crate::parse_error::ParseError;

/// A rule and the group it stands in; written, it is the id that users see and import by.
///
/// All lower case and canonical, so that one rule has one id. No part of it can hold a `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    /// The group that the rule belongs to.
    pub group: GroupId,
    /// What the rule says.
    pub rule: Rule,
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}_{}", self.group, self.rule))
    }
}

/// As in the id, without the group.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { direction, action, protocol, ports, peer } = self;
        let text = format!("{direction}_{action}_{protocol}_{ports}_{peer}");
        f.pad(&text.to_ascii_lowercase())
    }
}

impl FromStr for RuleId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let pieces: Vec<&str> = text.split('_').collect();
        let [group, direction, action, protocol, ports, peer] = pieces.as_slice() else {
            return Err(ParseError::expected(
                "the id of a rule, such as `sg-12345678_ingress_accept_tcp_80,443_10.0.0.0/8`",
            ));
        };
        let group = part("group", group)?;
        let rule = Rule::new(
            part("direction", direction)?,
            part("action", action)?,
            part("protocol", protocol)?,
            part("port", ports)?,
            part("peer", peer)?,
        );
        Ok(Self { group, rule: rule.map_err(|why| ParseError::because(why.to_string()))? })
    }
}

fn part<T: FromStr<Err = ParseError>>(name: &str, text: &str) -> Result<T, ParseError> {
    text.parse().map_err(|why| ParseError::because(format!("{name}: {why}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::strategy;

    #[test]
    fn text_is_parsed_into_its_canonical_form() {
        for (text, canonical) in [
            ("sg-x_ingress_accept_udp_53_sg-y", "sg-x_ingress_accept_udp_53_sg-y"),
            (
                "sg-x_INGRESS_ACCEPT_TCP_80-80,443_10.0.3.1/32",
                "sg-x_ingress_accept_tcp_80,443_10.0.3.1",
            ),
            ("sg-x_egress_drop_all_ALL_::0/0", "sg-x_egress_drop_all_all_::/0"),
            (
                "sg-x_egress_accept_ICMPv6_all_2001:DB8::/32",
                "sg-x_egress_accept_icmpv6_all_2001:db8::/32",
            ),
        ] {
            assert_eq!(text.parse::<RuleId>().unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn invalid_id_is_refused_by_its_part() {
        let error = |text: &str| text.parse::<RuleId>().unwrap_err().to_string();
        insta::assert_snapshot!(error("sg-x"), @"expected the id of a rule, such as `sg-12345678_ingress_accept_tcp_80,443_10.0.0.0/8`");
        insta::assert_snapshot!(error("x_ingress_accept_udp_53_sg-y"), @"group: expected the id of a security group, such as `sg-12345678`");
        insta::assert_snapshot!(error("sg-x_ingress_accept_icmp_53_sg-y"), @"only TCP and UDP have ports; with protocol ICMP the port is `ALL`");
        insta::assert_snapshot!(error("sg-x_ingress_accept_udp_53_10.0.0.1/8"), @"peer: `10.0.0.1/8` has bits set beyond its prefix length; write `10.0.0.0/8` for the block or `10.0.0.1` for the address");
    }

    proptest! {
        #[test]
        fn parse_undoes_display(group in "sg-[0-9a-z]{8}", rule in strategy::rule()) {
            let id = RuleId { group: group.parse().unwrap(), rule };
            let text = id.to_string();
            let parsed: RuleId = text.parse().unwrap();
            prop_assert_eq!(parsed.to_string(), text);
            prop_assert_eq!(parsed, id);
        }
    }
}
