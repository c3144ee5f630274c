//! What resources and data sources work with: both APIs, and what the provider block says for all.

use std::collections::BTreeMap;

use tf_provider::{Maybe, Result};

use crate::{
    cloud::{self, Region},
    diagnostics::provider::{no_region, unknown_default_tags, unknown_region},
    groups::Groups,
    pods::Policies,
};

/// The provider, configured.
#[derive(Debug)]
pub struct Client {
    /// The cloud's API itself, for what has no layer of its own.
    pub(crate) cloud: cloud::Client,
    /// Security groups and their rules.
    pub(crate) groups: Groups,
    /// Policies that bind groups to Pods.
    pub(crate) policies: Policies,
    /// The region of what names none of its own.
    pub(crate) default_region: Maybe<Region>,
    /// Tags that every object gets besides its own.
    pub(crate) default_tags: Maybe<BTreeMap<String, String>>,
}

impl Client {
    /// The region of an object: its own, else the provider's.
    pub(crate) fn region(&self, own: Option<&Region>) -> Result<Region> {
        match (own, &self.default_region) {
            (Some(region), _) | (None, Maybe::Known(region)) => Ok(region.clone()),
            (None, Maybe::Unknown) => Err(unknown_region().into()),
            (None, Maybe::Null) => Err(no_region().into()),
        }
    }

    /// The tags of an object: its own, which win, and the provider's.
    pub(crate) fn tags(
        &self,
        own: Option<&BTreeMap<String, String>>,
    ) -> Result<BTreeMap<String, String>> {
        self.planned_tags(own).into_known().ok_or_else(|| unknown_default_tags().into())
    }

    /// The same for a plan, in which the provider's tags may be unknown.
    pub(crate) fn planned_tags(
        &self,
        own: Option<&BTreeMap<String, String>>,
    ) -> Maybe<BTreeMap<String, String>> {
        let default = self.default_tags.clone().or(Maybe::Known(BTreeMap::new()));
        default.map(|mut tags| {
            tags.extend(own.cloned().unwrap_or_default());
            tags
        })
    }
}
