//! VPC: security groups and their rules, which the API calls policies.
//!
//! Absent on purpose: `ModifySecurityGroupPolicies`. It replaces the whole set without a lock.

use serde::{Deserialize, Serialize};

use super::{Action, Done, Idempotency, Service, nullable, parsed};
use crate::rules::GroupId;

/// Makes a group without rules. Names need not be unique.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecurityGroup {
    /// At most 60 characters.
    pub group_name: String,
    /// At most 100 characters; required, and may be empty.
    pub group_description: String,
    /// A number in a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Tags to begin with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// Lists groups by id or by filter, never by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroups {
    /// At most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<String>,
    /// All of them must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// A number in a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    /// A number in a string, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// Renames or redescribes a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifySecurityGroupAttribute {
    /// The group.
    pub security_group_id: String,
    /// Its new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Its new description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_description: Option<String>,
}

/// Deletes a group that nothing uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecurityGroup {
    /// The group.
    pub security_group_id: String,
}

/// Reads all rules of a group, both directions, with their version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupPolicies {
    /// The group.
    pub security_group_id: String,
}

/// Adds rules of one direction; without an index, below those that are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecurityGroupPolicies {
    /// The group.
    pub security_group_id: String,
    /// The rules to add.
    pub security_group_policy_set: SecurityGroupPolicySet,
}

/// Changes what the rules at some indices of one direction say; they stay where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceSecurityGroupPolicies {
    /// The group.
    pub security_group_id: String,
    /// The rules as they shall be, each with its index.
    pub security_group_policy_set: SecurityGroupPolicySet,
}

/// Deletes the rules at some indices of one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecurityGroupPolicies {
    /// The group.
    pub security_group_id: String,
    /// The indices, in rules that say nothing else.
    pub security_group_policy_set: SecurityGroupPolicySet,
}

/// Counts what is bound to groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupAssociationStatistics {
    /// The groups.
    pub security_group_ids: Vec<String>,
}

/// Lists the groups whose rules reference others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupReferences {
    /// The groups that are referenced.
    pub security_group_ids: Vec<String>,
}

impl Action for CreateSecurityGroup {
    const NAME: &'static str = "CreateSecurityGroup";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::NonIdempotent;
    const PER_SECOND: usize = 50;
    type Response = CreatedSecurityGroup;
}

impl Action for DescribeSecurityGroups {
    const NAME: &'static str = "DescribeSecurityGroups";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::ReadOnly;
    const PER_SECOND: usize = 100;
    type Response = SecurityGroupPage;
}

impl Action for ModifySecurityGroupAttribute {
    const NAME: &'static str = "ModifySecurityGroupAttribute";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::Idempotent;
    const PER_SECOND: usize = 100;
    type Response = Done;
}

impl Action for DeleteSecurityGroup {
    const NAME: &'static str = "DeleteSecurityGroup";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::Idempotent;
    const PER_SECOND: usize = 100;
    type Response = Done;
}

impl Action for DescribeSecurityGroupPolicies {
    const NAME: &'static str = "DescribeSecurityGroupPolicies";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::ReadOnly;
    const PER_SECOND: usize = 100;
    type Response = SecurityGroupPolicies;
}

// The three writes of rules carry the version they were made for, so that doing one twice fails.
// They are still sent once: the failure of the second would hide the success of the first.

impl Action for CreateSecurityGroupPolicies {
    const NAME: &'static str = "CreateSecurityGroupPolicies";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::NonIdempotent;
    const PER_SECOND: usize = 100;
    type Response = Done;
}

impl Action for ReplaceSecurityGroupPolicies {
    const NAME: &'static str = "ReplaceSecurityGroupPolicies";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::NonIdempotent;
    const PER_SECOND: usize = 20;
    type Response = Done;
}

impl Action for DeleteSecurityGroupPolicies {
    const NAME: &'static str = "DeleteSecurityGroupPolicies";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::NonIdempotent;
    const PER_SECOND: usize = 100;
    type Response = Done;
}

impl Action for DescribeSecurityGroupAssociationStatistics {
    const NAME: &'static str = "DescribeSecurityGroupAssociationStatistics";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::ReadOnly;
    const PER_SECOND: usize = 100;
    type Response = AssociationStatistics;
}

impl Action for DescribeSecurityGroupReferences {
    const NAME: &'static str = "DescribeSecurityGroupReferences";
    const SERVICE: Service = Service::Vpc;
    const IDEMPOTENCY: Idempotency = Idempotency::ReadOnly;
    const PER_SECOND: usize = 20;
    type Response = References;
}

/// Answer of [`CreateSecurityGroup`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatedSecurityGroup {
    /// The new group.
    pub security_group: SecurityGroup,
}

/// Answer of [`DescribeSecurityGroups`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupPage {
    /// This page.
    #[serde(default, deserialize_with = "nullable")]
    pub security_group_set: Vec<SecurityGroup>,
    /// How many there are on all pages.
    #[serde(default, deserialize_with = "nullable")]
    pub total_count: usize,
}

/// Answer of [`DescribeSecurityGroupPolicies`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupPolicies {
    /// The rules and their version.
    pub security_group_policy_set: SecurityGroupPolicySet,
}

/// Answer of [`DescribeSecurityGroupAssociationStatistics`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationStatistics {
    /// One entry for each group.
    #[serde(default, deserialize_with = "nullable")]
    pub security_group_association_statistics_set: Vec<SecurityGroupAssociationStatistics>,
}

/// Answer of [`DescribeSecurityGroupReferences`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct References {
    /// One entry for each group that is referenced; perhaps for others, too.
    #[serde(default, deserialize_with = "nullable")]
    pub referred_security_group_set: Vec<ReferredSecurityGroup>,
}

/// A group.
// same name: requests and answers have the names of the service's reference.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroup {
    /// `sg-` and eight letters or digits.
    #[serde(deserialize_with = "parsed")]
    pub security_group_id: GroupId,
    /// Its name.
    pub security_group_name: String,
    /// Its description.
    #[serde(default, deserialize_with = "nullable")]
    pub security_group_desc: String,
    /// A number in a string.
    #[serde(default, deserialize_with = "parsed")]
    pub project_id: u64,
    /// Whether it is the project's default group.
    #[serde(default, deserialize_with = "nullable")]
    pub is_default: bool,
    /// `YYYY-MM-DD HH:MM:SS`, in Beijing's time wherever the region is.
    #[serde(default, deserialize_with = "nullable")]
    pub created_time: String,
    /// Its tags.
    #[serde(default, deserialize_with = "nullable")]
    pub tag_set: Vec<Tag>,
}

/// A tag as VPC writes it; the tag service writes it otherwise.
// same name: requests and answers have the names of the service's reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    #[serde(default, deserialize_with = "nullable")]
    pub value: String,
}

/// A condition on what to list.
// same name: requests and answers have the names of the service's reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    /// What to look at, such as `security-group-name`.
    pub name: String,
    /// One of them must match.
    pub values: Vec<String>,
}

/// Rules of a group, in a request of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupPolicySet {
    /// A number in a string that every write increases. In a request: the version that the
    /// request was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Rules for what comes in.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<SecurityGroupPolicy>,
    /// Rules for what goes out.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<SecurityGroupPolicy>,
}

/// A rule. Answers write `""` for what does not apply, requests leave it out.
// same name: requests and answers have the names of the service's reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupPolicy {
    /// Position in its direction, from 0, as of one version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_index: Option<u64>,
    /// TCP, UDP, ICMP, ICMPV6, GRE or ALL, in any letter case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Ports, ranges, or ALL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Protocol and ports by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_template: Option<ServiceTemplateSpecification>,
    /// IPv4 peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr_block: Option<String>,
    /// IPv6 peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6_cidr_block: Option<String>,
    /// Peer that is a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_group_id: Option<String>,
    /// Peers by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_template: Option<AddressTemplateSpecification>,
    /// ACCEPT or DROP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_description: Option<String>,
}

/// Reference to ports kept elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServiceTemplateSpecification {
    /// `ppm-…`
    #[serde(deserialize_with = "nullable")]
    pub service_id: String,
    /// `ppmg-…`
    #[serde(deserialize_with = "nullable")]
    pub service_group_id: String,
}

/// Reference to addresses kept elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AddressTemplateSpecification {
    /// `ipm-…`
    #[serde(deserialize_with = "nullable")]
    pub address_id: String,
    /// `ipmg-…`
    #[serde(deserialize_with = "nullable")]
    pub address_group_id: String,
}

/// What is bound to one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SecurityGroupAssociationStatistics {
    /// The group.
    pub security_group_id: String,
    /// By kind of instance.
    #[serde(deserialize_with = "nullable")]
    pub instance_statistics: Vec<InstanceStatistic>,
    /// Of every kind together; groups that reference it are not counted.
    #[serde(deserialize_with = "nullable")]
    pub total_count: u64,
}

/// How many instances of one kind are bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceStatistic {
    /// CVM, ENI, CLB, EKS and many more.
    pub instance_type: String,
    /// How many.
    pub instance_count: u64,
}

/// Which groups reference one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReferredSecurityGroup {
    /// The group that is referenced.
    pub security_group_id: String,
    /// The groups whose rules reference it.
    #[serde(deserialize_with = "nullable")]
    pub referred_security_group_ids: Vec<String>,
}
