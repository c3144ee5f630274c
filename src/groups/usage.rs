//! What keeps a group from being deleted.

use std::fmt;

use tokio_util::sync::CancellationToken;

use super::Handle;
use crate::{
    cloud::{
        self,
        api::vpc::{DescribeSecurityGroupAssociationStatistics, DescribeSecurityGroupReferences},
    },
    rules::GroupId,
};

/// What uses a group, as far as the service tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Kinds of instances that it is attached to, and how many of each. Pods on super nodes are `EKS`.
    pub instances: Vec<(String, u64)>,
    /// Groups with rules that reference it.
    pub groups: Vec<GroupId>,
}

impl Handle {
    /// Asks what uses the group. What cannot be asked is left out: this explains another failure.
    pub(super) async fn usage(&self, cancel: &CancellationToken) -> Usage {
        let statistics = DescribeSecurityGroupAssociationStatistics {
            security_group_ids: vec![self.id.to_string()],
        };
        let (statistics, groups) = tokio::join!(
            self.groups.cloud.call(&self.region, &statistics, cancel),
            self.referenced_by(cancel),
        );
        let instances = statistics
            .into_iter()
            .flat_map(|answer| answer.security_group_association_statistics_set)
            .filter(|entry| entry.security_group_id == self.id.as_str())
            .flat_map(|entry| entry.instance_statistics)
            .filter(|kind| kind.instance_count > 0)
            .map(|kind| (kind.instance_type, kind.instance_count))
            .collect();
        Usage { instances, groups: groups.unwrap_or_default() }
    }

    /// The groups with rules that reference this one.
    pub(super) async fn referenced_by(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Vec<GroupId>, cloud::Error> {
        let request =
            DescribeSecurityGroupReferences { security_group_ids: vec![self.id.to_string()] };
        let answer = self.groups.cloud.call(&self.region, &request, cancel).await?;
        Ok(answer
            .referred_security_group_set
            .into_iter()
            .filter(|entry| entry.security_group_id == self.id.as_str())
            .flat_map(|entry| entry.referred_security_group_ids)
            .filter_map(|id| id.parse().ok())
            .collect())
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.instances.is_empty() {
            let kinds = self.instances.iter().map(|(kind, count)| {
                format!("{count} {kind} instance{}", if *count == 1 { "" } else { "s" })
            });
            parts.push(format!("attached to {}", kinds.collect::<Vec<_>>().join(", ")));
        }
        if !self.groups.is_empty() {
            let ids: Vec<&str> = self.groups.iter().map(GroupId::as_str).collect();
            parts.push(format!("referenced by rules in {}", ids.join(", ")));
        }
        if parts.is_empty() {
            return f.write_str("the service does not say what uses it");
        }
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_names_instances_and_groups() {
        let groups = vec!["sg-y".parse().unwrap(), "sg-z".parse().unwrap()];
        let instances = vec![("EKS".to_owned(), 3), ("CVM".to_owned(), 1)];
        insta::assert_snapshot!(Usage::default(), @"the service does not say what uses it");
        insta::assert_snapshot!(Usage { instances: instances.clone(), groups: Vec::new() }, @"attached to 3 EKS instances, 1 CVM instance");
        insta::assert_snapshot!(Usage { instances, groups }, @"attached to 3 EKS instances, 1 CVM instance; referenced by rules in sg-y, sg-z");
    }
}
