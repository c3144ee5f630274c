//! Managed resources: one file each, the declaration and then its life.

mod security_group;
mod security_group_policy;
mod security_group_rule;

use std::{fmt::Display, str::FromStr};

use tf_provider::{Maybe, Normalized, Result};

pub use self::{
    security_group::{SecurityGroup, SecurityGroupIdentity},
    security_group_policy::{SecurityGroupPolicy, SecurityGroupPolicyIdentity},
    security_group_rule::{SecurityGroupRule, SecurityGroupRuleIdentity},
};
use crate::{client::Client, cloud::Region, diagnostics::invalid_import_id};

/// A region that the user leaves out is the provider's, and known at plan if that one is.
fn planned_region(region: &mut Maybe<Normalized<Region>>, client: Option<&Client>) {
    if let (Maybe::Unknown, Some(Maybe::Known(default))) =
        (&region, client.map(|client| &client.default_region))
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
    let region = region.map(str::parse).transpose().map_err(|why| invalid_import_id(text, &why))?;
    Ok((region, id.parse().map_err(|why| invalid_import_id(text, &why))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_id_may_begin_with_a_region() {
        for (text, region, id) in [
            ("sg-12345678", None, "sg-12345678"),
            ("ap-guangzhou/sg-12345678", Some("ap-guangzhou"), "sg-12345678"),
            (
                "sg-x_ingress_accept_all_all_10.0.0.0/8",
                None,
                "sg-x_ingress_accept_all_all_10.0.0.0/8",
            ),
            (
                "eu-frankfurt/sg-x_ingress_accept_all_all_10.0.0.0/8",
                Some("eu-frankfurt"),
                "sg-x_ingress_accept_all_all_10.0.0.0/8",
            ),
            ("sg-x/y", None, "sg-x/y"),
            ("", None, ""),
        ] {
            let region = region.map(|region: &str| region.parse::<Region>().unwrap());
            assert_eq!(in_region(text), Ok((region, id.to_owned())), "{text}");
        }
    }
}
