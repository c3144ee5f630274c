//! Managed resources: one file each, the declaration and then its life.

mod security_group;
mod security_group_policy;
mod security_group_rule;

pub use security_group::SecurityGroup;
pub use security_group_policy::SecurityGroupPolicy;
pub use security_group_rule::SecurityGroupRule;

use tf_provider::{Maybe, Text};

use crate::{cloud::Region, provider::Client};

/// A region that the user leaves out is the provider's, and known at plan if that one is.
fn planned_region(region: &mut Maybe<Text<Region>>, client: Option<&Client>) {
    if let (Maybe::Unknown, Some(Maybe::Known(default))) =
        (&region, client.map(Client::planned_region))
    {
        *region = Maybe::Known(default.clone().into());
    }
}

/// An import id with the region before it, as in `ap-guangzhou/sg-12345678`, or without.
fn in_region(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((region, id)) if !region.contains('_') && !region.starts_with("sg-") => {
            (Some(region), id)
        }
        _ => (None, text),
    }
}
