//! What the reference leaves open about the real service, as switches.

use serde::{Deserialize, Serialize};

/// What the sandbox does where the behaviour of the service is not documented.
///
/// Each default is the guess that fits the evidence best; tests set a switch to show that the
/// provider does not depend on the guess. Seeding a behaviour sets all switches: those left out go
/// back to their defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Behaviour {
    /// Refuse calls above the documented limit of their action. The limits are documented; only
    /// their scope is not, and here it is the action.
    pub rate_limits: bool,
    /// How the filter `security-group-name` matches. A similar action says "fuzzy" where it is
    /// fuzzy and this one does not, so: exactly.
    pub group_name_filter: NameFilter,
    /// `DescribeSecurityGroups` with an unknown id. Refused, since its list of codes has
    /// `ResourceNotFound` and nothing else would raise it.
    pub unknown_group: Unknown,
    /// `DescribeClusters` with an unknown id. Ids are a filter there, so: an empty list.
    pub unknown_cluster: Unknown,
    /// Deleting a rule by content that no rule has. Refused with the fitting listed code.
    pub unknown_rule: Unknown,
    /// Whether rules that differ only in their description are duplicates for
    /// `CreateSecurityGroupPolicies` and `ReplaceSecurityGroupPolicies`. A description has no
    /// effect on traffic, so they are. `ModifySecurityGroupPolicies` is known to take such rules.
    pub description_makes_a_rule_unique: bool,
    /// An address with bits set beyond its mask, such as `10.0.0.1/16`. Kept as given, as every
    /// other spelling is known to be.
    pub host_bits: HostBits,
    /// Whether a list of ports may hold ranges, as in `443,8000-9000`. It may not: what is published
    /// is a port, a list of ports, or a range.
    pub ranges_in_port_lists: bool,
    /// A `PolicyIndex` beyond the end of the list when rules are inserted. Refused, since
    /// `InvalidParameterValue.Range` is listed.
    pub index_beyond_end: IndexBeyondEnd,
    /// Whether a group whose own rules reference it cannot be deleted. It can: the documented tutorial
    /// ends by deleting such a group.
    pub self_reference_blocks_delete: bool,
    /// Whether `ModifySecurityGroupPolicies` compares `Version`. It does not: the action does not
    /// list `VersionMismatch`, and clients in daily use send another number.
    pub modify_checks_version: bool,
    /// Whether lists have no end, except those that ids are named for: each page is full, begins the
    /// list again where it ends, and has a `TotalCount` beyond it. No service does this on purpose, but a caller
    /// has to end.
    pub endless_pages: bool,
    /// Groups per region and project: the documented default.
    pub group_quota: usize,
    /// Rules per group and direction: the documented default.
    pub rule_quota: usize,
    /// Rules per group that reference a group. Documented is the number; counting both directions
    /// together is the stricter reading.
    pub reference_quota: usize,
}

/// How a name filter matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameFilter {
    /// The whole name.
    Exact,
    /// Any part of the name.
    Substring,
}

/// What happens to a call that names something unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// `ResourceNotFound`.
    Refuse,
    /// It is left out of the answer, or of what is done.
    Ignore,
}

/// What happens to address bits beyond the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostBits {
    /// They are returned as given.
    Keep,
    /// They are cleared.
    Clear,
    /// `InvalidParameterValue.Malformed`.
    Refuse,
}

/// What happens to rules inserted beyond the end of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexBeyondEnd {
    /// `InvalidParameterValue.Range`.
    Refuse,
    /// They are appended.
    Append,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            rate_limits: true,
            group_name_filter: NameFilter::Exact,
            unknown_group: Unknown::Refuse,
            unknown_cluster: Unknown::Ignore,
            unknown_rule: Unknown::Refuse,
            description_makes_a_rule_unique: false,
            host_bits: HostBits::Keep,
            ranges_in_port_lists: false,
            index_beyond_end: IndexBeyondEnd::Refuse,
            self_reference_blocks_delete: false,
            modify_checks_version: false,
            endless_pages: false,
            group_quota: 50,
            rule_quota: 100,
            reference_quota: 10,
        }
    }
}
