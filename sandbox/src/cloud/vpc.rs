//! VPC, version 2017-03-12: security groups and their rules.

mod groups;
mod id;
mod policies;
mod rule;
mod rules;
mod usage;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::{
    id::IdKind,
    rule::Policy,
    rules::{Direction, Rules},
};
use super::{ActionResult, Cx};
use crate::{
    cloud::{envelope::ApiError, params},
    seed::GroupSeed,
};

/// All security groups of the account, in the order they were created.
#[derive(Debug, Default)]
pub(super) struct Vpc {
    groups: Vec<Group>,
    generated: u64,
}

/// One security group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) tags: BTreeMap<String, String>,
    name: String,
    description: String,
    project_id: String,
    is_default: bool,
    created: String,
    updated: String,
    rules: Rules,
    /// How many instances of which type are bound to it.
    bound: BTreeMap<String, u64>,
}

/// Runs one action.
pub(super) fn dispatch(vpc: &mut Vpc, action: &str, cx: Cx<'_>) -> ActionResult {
    match action {
        "CreateSecurityGroup" => groups::create(vpc, cx),
        "CreateSecurityGroupPolicies" => policies::create(vpc, cx),
        "CreateSecurityGroupWithPolicies" => groups::create_with_policies(vpc, cx),
        "DeleteSecurityGroup" => groups::delete(vpc, cx),
        "DeleteSecurityGroupPolicies" => policies::delete(vpc, cx),
        "DescribeSecurityGroupAssociationStatistics" => usage::statistics(vpc, cx),
        "DescribeSecurityGroupLimits" => usage::limits(cx),
        "DescribeSecurityGroupPolicies" => policies::describe(vpc, cx),
        "DescribeSecurityGroupReferences" => usage::references(vpc, cx),
        "DescribeSecurityGroups" => groups::describe(vpc, cx),
        "ModifySecurityGroupAttribute" => groups::modify(vpc, cx),
        "ModifySecurityGroupPolicies" => policies::modify(vpc, cx),
        "ReplaceSecurityGroupPolicies" => policies::replace_many(vpc, cx),
        "ReplaceSecurityGroupPolicy" => policies::replace_one(vpc, cx),
        _ => Err(super::invalid_action(action)),
    }
}

impl Vpc {
    /// The group of this id in this region.
    pub(super) fn find(&self, region: &str, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.region == region && group.id == id)
    }

    /// As [`Vpc::find`], to be changed.
    pub(super) fn find_mut(&mut self, region: &str, id: &str) -> Option<&mut Group> {
        self.groups.iter_mut().find(|group| group.region == region && group.id == id)
    }

    /// All groups of all regions.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Puts a group in place, replacing one of the same id, and returns its id.
    pub(super) fn seed(&mut self, seed: GroupSeed, cx: Cx<'_>) -> Result<String, ApiError> {
        let policies =
            |list: &[Value]| list.iter().map(params::read).collect::<Result<Vec<Policy>, _>>();
        let lists = [
            (Direction::Ingress, policies(&seed.ingress)?),
            (Direction::Egress, policies(&seed.egress)?),
        ];
        let mut rules = Rules::default();
        rules.fill(lists, cx)?;
        let id = match seed.id {
            Some(id) => id::check(IdKind::SecurityGroup, &id).map(|()| id)?,
            None => self.generate(),
        };
        self.groups.retain(|group| group.id != id);
        self.groups.push(Group {
            id: id.clone(),
            region: cx.region.to_owned(),
            tags: seed.tags,
            name: seed.name,
            description: seed.description,
            project_id: seed.project_id,
            is_default: seed.is_default,
            created: cx.now.to_owned(),
            updated: cx.now.to_owned(),
            rules,
            bound: seed.bound,
        });
        Ok(id)
    }

    /// Every group by region and id, without times, versions and indices.
    pub(super) fn dump(&self) -> Value {
        let mut regions: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for group in &self.groups {
            regions.entry(&group.region).or_default().insert(&group.id, group.dump());
        }
        json!(regions)
    }

    fn generate(&mut self) -> String {
        self.generated += 1;
        id::generate(IdKind::SecurityGroup, self.generated)
    }

    /// The group an action is about.
    fn get(&self, region: &str, id: &str) -> Result<&Group, ApiError> {
        id::check(IdKind::SecurityGroup, id)?;
        self.find(region, id).ok_or_else(|| not_found(id))
    }

    fn get_mut(&mut self, region: &str, id: &str) -> Result<&mut Group, ApiError> {
        id::check(IdKind::SecurityGroup, id)?;
        self.find_mut(region, id).ok_or_else(|| not_found(id))
    }

    /// The other groups whose rules reference this one.
    fn referencing(&self, group: &Group) -> impl Iterator<Item = &Group> {
        let Group { id, region, .. } = group.clone();
        self.groups.iter().filter(move |other| {
            other.id != id
                && other.region == region
                && other.rules.references().any(|referenced| referenced == id)
        })
    }
}

impl Group {
    fn dump(&self) -> Value {
        let contents = |rules: &[rule::Rule]| rules.iter().map(rule::Rule::content).collect();
        let (ingress, egress): (Vec<_>, Vec<_>) =
            (contents(&self.rules.ingress), contents(&self.rules.egress));
        json!({
            "name": self.name,
            "description": self.description,
            "project_id": self.project_id,
            "is_default": self.is_default,
            "tags": self.tags,
            "ingress": ingress,
            "egress": egress,
            "bound": self.bound,
        })
    }
}

fn not_found(id: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("The security group `{id}` does not exist."))
}
