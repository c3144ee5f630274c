//! The neighbors that a rule had when it was last read.
//!
//! A rule that was there together with ours is not ours after an edit, however much it looks like
//! it. Without that memory, a rule that is removed by hand would be taken for the rule of somebody
//! else that differs in its port, and healing it would overwrite that one.

use std::{collections::BTreeSet, fmt, str::FromStr};

use crate::rules::Rule;

/// Fingerprints of the rules of its group that differ from it in one respect.
///
/// Written, six hexadecimal digits for each. Two rules with one fingerprint do no harm: at worst an
/// edited rule counts as gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeighborFingerprints(BTreeSet<u32>);

impl NeighborFingerprints {
    /// Whether this rule was among them.
    pub(super) fn holds(&self, rule: &Rule) -> bool {
        self.0.contains(&fingerprint(rule))
    }
}

impl<'a> FromIterator<&'a Rule> for NeighborFingerprints {
    fn from_iter<I: IntoIterator<Item = &'a Rule>>(rules: I) -> Self {
        Self(rules.into_iter().map(fingerprint).collect())
    }
}

impl fmt::Display for NeighborFingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|fingerprint| write!(f, "{fingerprint:06x}"))
    }
}

impl FromStr for NeighborFingerprints {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: Vec<char> = text.chars().collect();
        let fingerprint = |digits: &[char]| u32::from_str_radix(&String::from_iter(digits), 16);
        digits.chunks(6).map(fingerprint).collect::<Result<_, _>>().map(Self)
    }
}

/// It is kept from run to run, so it must be the same in every version of this program: the lower
/// 24 bits of FNV-1a over the rule as its id writes it.
fn fingerprint(rule: &Rule) -> u32 {
    let text = rule.to_string();
    let hash = text
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash & 0x00ff_ffff
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::{RuleId, strategy};

    #[test]
    fn fingerprints_are_stable_across_versions() {
        let rule = |text: &str| format!("sg-x_{text}").parse::<RuleId>().unwrap().rule;
        let rules = [rule("ingress_accept_tcp_443_10.0.0.0/8"), rule("egress_drop_all_all_::/0")];
        insta::assert_snapshot!(NeighborFingerprints::from_iter(&rules), @"a6b70cd19a70");
    }

    proptest! {
        #[test]
        fn parse_undoes_display(rules in proptest::collection::vec(strategy::rule(), 0..9)) {
            let neighbors: NeighborFingerprints = rules.iter().collect();
            prop_assert!(rules.iter().all(|rule| neighbors.holds(rule)));
            prop_assert_eq!(neighbors.to_string().parse::<NeighborFingerprints>(), Ok(neighbors));
        }
    }
}
