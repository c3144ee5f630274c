//! The documented request limits, per action and second.

use std::{collections::HashMap, time::Duration};

use super::envelope::ApiError;

/// How often each action was called in the current second.
///
/// A refused call counts as well: the texts of the real service name numbers well above the limit.
#[derive(Debug, Default)]
pub(super) struct Rates {
    second: u64,
    calls: HashMap<String, u32>,
}

impl Rates {
    /// Counts a call that arrives `now`, counted from any fixed moment.
    pub(super) fn count(&mut self, action: &str, now: Duration) -> Result<(), ApiError> {
        if self.second != now.as_secs() {
            self.second = now.as_secs();
            self.calls.clear();
        }
        let calls = self.calls.entry(action.to_owned()).or_default();
        *calls += 1;
        match limit(action) {
            Some(limit) if *calls > limit => Err(exceeded(*calls, limit)),
            _ => Ok(()),
        }
    }
}

/// The error of a call above the limit.
pub(super) fn exceeded(calls: u32, limit: u32) -> ApiError {
    let message = format!(
        "Your current request times equals to `{calls}` in a second, which exceeds the frequency \
         limit `{limit}` for a second. Please reduce the frequency of calls."
    );
    ApiError::new("RequestLimitExceeded", message)
}

/// Calls per second of an action; where the two editions of the reference differ, the lower one.
pub(super) fn limit(action: &str) -> Option<u32> {
    Some(match action {
        "CreateSecurityGroup" | "CreateSecurityGroupWithPolicies" => 50,
        "CreateSecurityGroupPolicies"
        | "DeleteSecurityGroup"
        | "DeleteSecurityGroupPolicies"
        | "DescribeResourceTagsByResourceIds"
        | "DescribeSecurityGroupAssociationStatistics"
        | "DescribeSecurityGroupPolicies"
        | "DescribeSecurityGroups"
        | "ModifySecurityGroupAttribute"
        | "ModifySecurityGroupPolicies"
        | "ReplaceSecurityGroupPolicy" => 100,
        "DescribeClusters"
        | "DescribeSecurityGroupLimits"
        | "DescribeSecurityGroupReferences"
        | "GetCallerIdentity"
        | "GetResources"
        | "ModifyResourceTags"
        | "ReplaceSecurityGroupPolicies"
        | "TagResources"
        | "UnTagResources" => 20,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_is_per_action_and_second() {
        let mut rates = Rates::default();
        let mut call = |action, millis| rates.count(action, Duration::from_millis(millis));
        for _ in 0..20 {
            assert_eq!(call("ReplaceSecurityGroupPolicies", 1_900), Ok(()));
        }
        let error = call("ReplaceSecurityGroupPolicies", 1_999).unwrap_err();
        assert_eq!(error.code, "RequestLimitExceeded");
        assert!(error.message.contains("`21`") && error.message.contains("`20`"));
        assert_eq!(call("DescribeSecurityGroups", 1_999), Ok(()));
        assert_eq!(call("ReplaceSecurityGroupPolicies", 2_000), Ok(()));
    }
}
