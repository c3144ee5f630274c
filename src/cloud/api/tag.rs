//! Tags of every product's resources.

use serde::Serialize;

use super::{Action, Done, Idempotency, Service};
use crate::cloud::Region;

/// Sets some tags of one resource and removes others. At most ten of each; no list may be empty,
/// no key in both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyResourceTags {
    /// Name of the resource in six segments, as [`security_group`] makes it.
    pub resource: String,
    /// Tags to set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replace_tags: Vec<Tag>,
    /// Tags to remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delete_tags: Vec<TagKeyObject>,
}

impl Action for ModifyResourceTags {
    const NAME: &'static str = "ModifyResourceTags";
    const SERVICE: Service = Service::Tag;
    const IDEMPOTENCY: Idempotency = Idempotency::Idempotent;
    const PER_SECOND: usize = 20;
    type Response = Done;
}

/// A tag as this service writes it.
// same name: requests and answers have the names of the service's reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub tag_key: String,
    /// Its value.
    pub tag_value: String,
}

/// The key of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagKeyObject {
    /// The key.
    pub tag_key: String,
}

/// A security group's name among all resources. It counts as a part of CVM, and `uin/` without a
/// number means the caller's account.
pub fn security_group(region: &Region, id: &str) -> String {
    format!("qcs::cvm:{region}:uin/:sg/{id}")
}
