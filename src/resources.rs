//! Managed resources: one file each, the declaration and then its life.

mod security_group;
mod security_group_policy;
mod security_group_rule;

pub use security_group::{SecurityGroup, SecurityGroupIdentity};
pub use security_group_policy::{SecurityGroupPolicy, SecurityGroupPolicyIdentity};
pub use security_group_rule::{SecurityGroupRule, SecurityGroupRuleIdentity};

use std::{fmt::Display, str::FromStr};

use tf_provider::{Maybe, Result, Text};

use crate::{cloud::Region, diagnostics::not_an_id, provider::Client};

/// A region that the user leaves out is the provider's, and known at plan if that one is.
fn planned_region(region: &mut Maybe<Text<Region>>, client: Option<&Client>) {
    if let (Maybe::Unknown, Some(Maybe::Known(default))) =
        (&region, client.map(Client::planned_region))
    {
        *region = Maybe::Known(default.clone().into());
    }
}

/// What an import id names, with its region and a slash before it, as in `ap-guangzhou/sg-12345678`,
/// or without.
fn in_region<T: FromStr<Err: Display>>(text: &str) -> Result<(Option<Region>, T)> {
    let (region, id) = match text.split_once('/') {
        Some((region, id)) if !region.contains('_') && !region.starts_with("sg-") => {
            (Some(region), id)
        }
        _ => (None, text),
    };
    let region = region.map(str::parse).transpose().map_err(|why| not_an_id(text, &why))?;
    Ok((region, id.parse().map_err(|why| not_an_id(text, &why))?))
}
