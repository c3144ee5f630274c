//! Who keeps a group from being deleted.

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
pub struct Holders {
    /// Kinds of instances that carry it, and how many of each. Pods on super nodes are `EKS`.
    pub instances: Vec<(String, u64)>,
    /// Groups with rules that mention it.
    pub groups: Vec<GroupId>,
}

impl Handle {
    /// Asks who uses the group. What cannot be asked is left out: this explains another failure.
    pub(super) async fn holders(&self, stop: &CancellationToken) -> Holders {
        let statistics = DescribeSecurityGroupAssociationStatistics {
            security_group_ids: vec![self.id.to_string()],
        };
        let (statistics, groups) = tokio::join!(
            self.groups.cloud.call(&self.region, &statistics, stop),
            self.mentioned_by(stop),
        );
        let instances = statistics
            .into_iter()
            .flat_map(|answer| answer.security_group_association_statistics_set)
            .filter(|entry| entry.security_group_id == self.id.as_str())
            .flat_map(|entry| entry.instance_statistics)
            .filter(|kind| kind.instance_count > 0)
            .map(|kind| (kind.instance_type, kind.instance_count))
            .collect();
        Holders { instances, groups: groups.unwrap_or_default() }
    }

    /// The groups with rules that mention this one.
    pub(super) async fn mentioned_by(
        &self,
        stop: &CancellationToken,
    ) -> Result<Vec<GroupId>, cloud::Error> {
        let request =
            DescribeSecurityGroupReferences { security_group_ids: vec![self.id.to_string()] };
        let answer = self.groups.cloud.call(&self.region, &request, stop).await?;
        Ok(answer
            .referred_security_group_set
            .into_iter()
            .filter(|entry| entry.security_group_id == self.id.as_str())
            .flat_map(|entry| entry.referred_security_group_ids)
            .filter_map(|id| id.parse().ok())
            .collect())
    }
}

impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.instances.is_empty() {
            let kinds: Vec<String> =
                self.instances.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            parts.push(format!("carried by {}", kinds.join(", ")));
        }
        if !self.groups.is_empty() {
            let ids: Vec<&str> = self.groups.iter().map(GroupId::as_str).collect();
            parts.push(format!("mentioned by rules of {}", ids.join(", ")));
        }
        if parts.is_empty() {
            return f.write_str("the service does not say by what");
        }
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_says_who() {
        let groups = vec!["sg-y".parse().unwrap(), "sg-z".parse().unwrap()];
        let instances = vec![("EKS".to_owned(), 3), ("CVM".to_owned(), 1)];
        insta::assert_snapshot!(Holders::default(), @"the service does not say by what");
        insta::assert_snapshot!(Holders { instances: instances.clone(), groups: Vec::new() }, @"carried by 3 EKS, 1 CVM");
        insta::assert_snapshot!(Holders { instances, groups }, @"carried by 3 EKS, 1 CVM; mentioned by rules of sg-y, sg-z");
    }
}
