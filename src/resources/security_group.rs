//! `tke_security_group`: a named set of rules that Pods and instances can be bound to.

use std::{collections::BTreeMap, fmt::Display, time::Duration};

use tf_provider::{
    Computed, Cx, DefaultTimeouts, Diagnostics, Identity, Import, Maybe, Model, Normalized,
    Partial, Resource, Result, Timeouts,
    validate::{each, keys, length, one_of},
};

use super::{in_region, planned_region};
use crate::{
    client::Client,
    cloud::Region,
    diagnostics::{Blame, error_diagnostic, lookalikes},
    groups::{self, Group, GroupSpec, Handle, check_tag_key, check_tag_value},
    rules::GroupId,
};

/// A CVM security group: a named set of rules that Pods and instances can be bound to.
///
/// A new group is empty, and an empty group lets nothing in and nothing out. Its rules are
/// resources of their own, [`tke_security_group_rule`](security_group_rule.md).
///
/// A group that is in use cannot be deleted. Delete waits until nothing uses it, and says what does
/// when its timeout has passed.
///
/// Names are not unique. Create warns about an existing group with the same name, description and
/// project: it may be left over from an apply that was killed.
#[derive(Model, Clone, Debug)]
pub struct SecurityGroup {
    /// Name shown in the console. Names need not be unique.
    #[tf(validate = length(1..=60))]
    name: String,
    /// Free text, shown in the console.
    #[tf(default = "", validate = length(..=100))]
    description: String,
    /// Project that the group belongs to; the default project, `0`, unless given.
    #[tf(optional, requires_replace)]
    project_id: Computed<u64>,
    /// Tags of the group. They win over the provider's `default_tags` of the same key. Tags that
    /// others set are left alone; an import takes over those that are there.
    #[tf(validate = keys(check_tag_key), validate = each(check_tag_value))]
    tags: Option<BTreeMap<String, String>>,
    /// Region of the group, such as `ap-guangzhou`; the provider's by default.
    #[tf(optional, requires_replace)]
    region: Computed<Normalized<Region>>,
    /// What delete does about rules of other groups that reference this one. With `fail` they stay,
    /// and the group cannot be deleted; with `remove` they are removed first.
    #[tf(default = "fail", validate = one_of(["fail", "remove"]))]
    references_on_delete: String,
    /// How long operations may take. Delete waits until the group is no longer in use.
    timeouts: Option<Timeouts>,
    /// Identifier assigned by the service, such as `sg-12345678`.
    id: Computed<Normalized<GroupId>>,
    /// `tags` together with the provider's `default_tags`.
    #[tf(unknown_on_update)]
    tags_all: Computed<BTreeMap<String, String>>,
    /// When the group was created, in RFC 3339.
    created_time: Computed<String>,
    /// Whether this is the default group of its project.
    is_default: Computed<bool>,
}

/// Where a group is, and which.
#[derive(Model, Clone, Debug)]
pub struct SecurityGroupIdentity {
    /// Region of the group; the provider's by default.
    region: Option<Normalized<Region>>,
    /// Identifier assigned by the service, such as `sg-12345678`.
    id: Normalized<GroupId>,
}

impl Identity for SecurityGroupIdentity {}

impl Resource for SecurityGroup {
    const NAME: &'static str = "security_group";
    type Client = Client;
    type Identity = SecurityGroupIdentity;

    fn timeouts() -> DefaultTimeouts {
        let minutes = Duration::from_mins;
        DefaultTimeouts {
            create: minutes(5),
            read: minutes(5),
            update: minutes(5),
            delete: minutes(15),
        }
    }

    fn plan(
        plan: &mut Partial<Self>,
        _prior: Option<&Self>,
        client: Option<&Client>,
    ) -> Diagnostics {
        planned_region(&mut plan.region, client);
        if let Some(client) = client {
            plan.tags_all = match &plan.tags {
                Maybe::Unknown => Maybe::Unknown,
                own => client.planned_tags(own.known()),
            };
        }
        Diagnostics::default()
    }

    fn identity(&self) -> Option<SecurityGroupIdentity> {
        let (region, id) = (self.region.ok()?.clone(), self.id.ok()?.clone());
        Some(SecurityGroupIdentity { region: Some(region), id })
    }

    async fn create(self, cx: &Cx<Client>) -> Result<Self> {
        let region = cx.client().region(self.region.ok().map(Normalized::value))?;
        let spec = self.spec(cx.client())?;
        let created = cx.client().groups.create(&region, &spec, cx.cancelled()).await;
        let created = created.map_err(failed_to("create", format!("`{}`", spec.name)))?;
        let others = created.lookalikes;
        let created = self.with(&region, created.group, spec.tags);
        cx.save(&created);
        if !others.is_empty() {
            cx.warn(lookalikes(&spec.name, &others));
        }
        Ok(created)
    }

    async fn read(self, cx: &Cx<Client>) -> Result<Option<Self>> {
        let handle = self.handle(cx)?;
        let found = handle.find(cx.cancelled()).await;
        let found = found.map_err(failed_to("read", handle.id()))?;
        let Some(group) = found else { return Ok(None) };
        // Tags that others set are not managed here.
        let known = self.tags_all.ok().cloned().unwrap_or_default();
        let mut tags = group.tags.clone();
        tags.retain(|key, _| known.contains_key(key));
        Ok(Some(self.with(handle.region(), group, tags)))
    }

    async fn update(self, prior: Self, cx: &Cx<Client>) -> Result<Self> {
        let (handle, spec) = (self.handle(cx)?, self.spec(cx.client())?);
        let before = GroupSpec {
            name: prior.name.clone(),
            description: prior.description.clone(),
            project_id: spec.project_id,
            tags: prior.tags_all.get()?.clone(),
        };
        let reached = |reached: &GroupSpec| cx.save(&self.reached(&prior, reached));
        let modified = handle.modify(&before, &spec, cx.cancelled(), reached).await;
        modified.map_err(failed_to("update", handle.id()))?;
        Ok(Self { tags_all: spec.tags.into(), ..self })
    }

    async fn delete(self, cx: &Cx<Client>) -> Result<()> {
        let handle = self.handle(cx)?;
        if self.references_on_delete == "remove" {
            let removed = handle.remove_references(cx.cancelled()).await;
            removed.map_err(failed_to("delete", handle.id()))?;
        }
        let deleted = handle.delete(cx.cancelled()).await;
        deleted.map_err(failed_to("delete", handle.id()))
    }

    /// By `sg-12345678`, with the region and a slash before it where that is not the provider's.
    async fn import(what: Import<SecurityGroupIdentity>, cx: &Cx<Client>) -> Result<Option<Self>> {
        let (region, id) = match what {
            Import::Id(text) => in_region(&text)?,
            Import::Identity(SecurityGroupIdentity { region, id }) => {
                (region.map(Normalized::into_value), id.into_value())
            }
        };
        let region = cx.client().region(region.as_ref())?;
        let found = cx.client().groups.at(&region, &id).find(cx.cancelled()).await;
        let found = found.map_err(failed_to("import", id))?;
        let Some(group) = found else { return Ok(None) };
        // The service's own tags could neither be written in a configuration nor removed.
        let mut tags = group.tags.clone();
        tags.retain(|key, _| check_tag_key(key).is_ok());
        let imported = Self::imported(&tags, cx.client().planned_tags(None).known())?;
        Ok(Some(imported.with(&region, group, tags)))
    }
}

impl SecurityGroup {
    fn handle(&self, cx: &Cx<Client>) -> Result<Handle> {
        let region = cx.client().region(self.region.ok().map(Normalized::value))?;
        Ok(cx.client().groups.at(&region, self.id.get()?))
    }

    /// What the service is to hold.
    fn spec(&self, client: &Client) -> Result<GroupSpec> {
        Ok(GroupSpec {
            name: self.name.clone(),
            description: self.description.clone(),
            project_id: self.project_id.ok().copied(),
            tags: client.tags(self.tags.as_ref())?,
        })
    }

    /// The same group as the service holds it, with those of its tags that are ours.
    fn with(self, region: &Region, group: Group, tags_all: BTreeMap<String, String>) -> Self {
        let own = self.tags.map(|own| {
            let is_own = |key: &String| own.contains_key(key);
            tags_all
                .iter()
                .filter(|(key, _)| is_own(key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        });
        Self {
            name: group.name,
            description: group.description,
            project_id: group.project_id.into(),
            tags: own,
            region: Normalized::new(region.clone()).into(),
            id: Normalized::new(group.id).into(),
            tags_all: tags_all.into(),
            created_time: group.created.map_or(Computed::null(), |time| time.to_string().into()),
            is_default: group.is_default.into(),
            ..self
        }
    }

    /// What state has to hold of a group that is to become this one, was `prior`, and has been
    /// `reached` in between.
    fn reached(&self, prior: &Self, reached: &GroupSpec) -> Self {
        let is_own = |key: &String| {
            [&self.tags, &prior.tags].into_iter().flatten().any(|tags| tags.contains_key(key))
        };
        let mut own = reached.tags.clone();
        own.retain(|key, _| is_own(key));
        Self {
            name: reached.name.clone(),
            description: reached.description.clone(),
            tags: (prior.tags.is_some() || !own.is_empty()).then_some(own),
            tags_all: reached.tags.clone().into(),
            ..prior.clone()
        }
    }

    /// A group that Terraform has not known, with the tags that are not the provider's.
    fn imported(
        tags: &BTreeMap<String, String>,
        default: Option<&BTreeMap<String, String>>,
    ) -> Result<Self> {
        let mut own = tags.clone();
        if let Some(default) = default {
            own.retain(|key, value| default.get(key) != Some(value));
        }
        Self::with_defaults(&Partial::<Self> {
            name: String::new().into(),
            tags: (!own.is_empty()).then_some(own).into(),
            ..Default::default()
        })
    }
}

/// What the service calls our attributes.
const PARAMETERS: Blame<'_> = &[
    ("GroupDescription", "description"),
    ("GroupName", "name"),
    ("ProjectId", "project_id"),
    ("TagKey", "tags"),
    ("TagValue", "tags"),
    ("Tags", "tags"),
];

/// For `map_err`: what could not be done to the group, and which attribute is to blame.
fn failed_to(verb: &str, group: impl Display) -> impl FnOnce(groups::Error) -> Diagnostics {
    move |why| error_diagnostic(format!("{verb} security group {group}"), &why, PARAMETERS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags(text: &str) -> BTreeMap<String, String> {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// A group in state; `None` is a null attribute.
    fn group(name: &str, own: Option<&str>, all: &str) -> SecurityGroup {
        SecurityGroup {
            name: name.to_owned(),
            tags: own.map(tags),
            tags_all: tags(all).into(),
            ..SecurityGroup::imported(&BTreeMap::new(), None).unwrap()
        }
    }

    #[test]
    fn own_tags_are_those_of_the_service_that_the_user_declares() {
        #[track_caller]
        fn check(own: Option<&str>, all: &str, expected: Option<&str>) {
            let found = serde_json::from_value(json!({
                "SecurityGroupId": "sg-x",
                "SecurityGroupName": "pods",
                "CreatedTime": "2025-12-09 23:14:52",
            }));
            let found: crate::cloud::api::vpc::SecurityGroup = found.unwrap();
            let region = "ap-guangzhou".parse().unwrap();
            let read = group("old", own, "").with(&region, found.into(), tags(all));
            assert_eq!((read.name.as_str(), read.tags), ("pods", expected.map(tags)));
            assert_eq!(read.tags_all.ok(), Some(&tags(all)));
        }
        check(None, "team=net", None);
        check(Some(""), "team=net", Some(""));
        check(Some("team=old"), "team=net cost=1", Some("team=net"));
        check(Some("team=old gone=1"), "team=net", Some("team=net"));
    }

    #[test]
    fn imported_tags_exclude_equal_default_tags() {
        #[track_caller]
        fn check(found: &str, default: Option<&str>, expected: Option<&str>) {
            let imported =
                SecurityGroup::imported(&tags(found), default.map(tags).as_ref()).unwrap();
            assert_eq!(imported.tags, expected.map(tags), "{found} {default:?}");
        }
        check("", None, None);
        check("team=net", None, Some("team=net"));
        check("team=net", Some("team=net"), None);
        check("team=net cost=1", Some("team=net"), Some("cost=1"));
        check("team=net", Some("team=shop"), Some("team=net"));
    }

    #[test]
    fn failed_update_leaves_in_state_what_it_has_reached() {
        #[track_caller]
        fn check(prior: Option<&str>, planned: Option<&str>, reached: &str, own: Option<&str>) {
            let (prior, planned) = (group("old", prior, ""), group("new", planned, ""));
            let reached = GroupSpec { tags: tags(reached), ..GroupSpec::default() };
            let state = planned.reached(&prior, &reached);
            assert_eq!((state.tags, state.tags_all.ok()), (own.map(tags), Some(&reached.tags)));
        }
        check(Some("a=1"), Some("a=1 b=2"), "a=1 b=2", Some("a=1 b=2"));
        check(None, Some("b=2"), "b=2 default=1", Some("b=2"));
        check(None, Some("b=2"), "default=1", None);
        check(Some("a=1"), None, "", Some(""));
    }
}
