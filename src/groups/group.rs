//! The group itself: create, find, list, modify, delete.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{Error, Groups, Handle, tags};
use crate::{
    cloud::{
        self, Kind, Region, Retry,
        api::vpc::{
            CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups, Filter,
            ModifySecurityGroupAttribute, SecurityGroup, SecurityGroups, Tag,
        },
    },
    rules::GroupId,
};

/// What a group shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSpec {
    /// 1 to 60 characters; not unique.
    pub name: String,
    /// At most 100 characters.
    pub description: String,
    /// The default project unless given.
    pub project_id: Option<u64>,
    /// Those we care for; a group may have others.
    pub tags: BTreeMap<String, String>,
}

/// What a group is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its project; 0 is the default project.
    pub project_id: u64,
    /// All its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is the default group of its project.
    pub is_default: bool,
    /// When it was created, if the service says so in a way we understand.
    pub created: Option<Timestamp>,
}

/// A group that was just created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The group.
    pub group: Group,
    /// Groups that look the same, and were there before. One of them may be what a create made that
    /// was killed before it could tell.
    pub alike: Vec<GroupId>,
}

/// How often a create that got no answer is tried again, and how long to wait in between: what
/// was sent before may still be under way.
const CREATE_AGAIN: Retry = Retry { times: 3, wait: Duration::from_secs(20) };

/// How long to wait before asking again whether a group may be deleted now.
const STILL_HELD: Duration = Duration::from_secs(2);
const STILL_HELD_AT_MOST: Duration = Duration::from_secs(15);

/// Most groups on one page.
const PAGE: usize = 100;

impl Groups {
    /// Creates a group without rules.
    ///
    /// The service takes no client token and names are not unique. So the groups of this name are
    /// listed before, and if the answer is lost, again after: a group that is there then, was not
    /// before, and looks the same is the one. Two calls with one name wait for each other, that
    /// neither takes the other's for its own. Should there be several, nobody can tell, and the
    /// error names them.
    pub async fn create(
        &self,
        region: &Region,
        spec: &GroupSpec,
        stop: &CancellationToken,
    ) -> Result<Created, Error> {
        // Whoever is stopped while waiting finds out at the first call.
        let mut made = tokio::select! {
            made = self.sole_creator(region, &spec.name) => Some(made),
            () = stop.cancelled() => None,
        };
        let before = self.named(region, &spec.name, stop).await?;
        let group = self.create_beside(&before, region, spec, stop).await?;
        let ours = |id: &GroupId| made.as_ref().is_some_and(|made| made.contains(id));
        let alike = before.into_iter().filter(|group| spec.looks_like(group) && !ours(&group.id));
        let alike = alike.map(|group| group.id).collect();
        if let Some(made) = &mut made {
            made.insert(group.id.clone());
        }
        Ok(Created { group, alike })
    }

    /// Creates a group where those of its name are `before`.
    async fn create_beside(
        &self,
        before: &[Group],
        region: &Region,
        spec: &GroupSpec,
        stop: &CancellationToken,
    ) -> Result<Group, Error> {
        let failed_to = |source| Error::Cloud {
            doing: format!("create security group `{}`", spec.name),
            source,
        };
        let before: BTreeSet<&GroupId> = before.iter().map(|group| &group.id).collect();
        let request = CreateSecurityGroup {
            group_name: spec.name.clone(),
            group_description: spec.description.clone(),
            project_id: spec.project_id.map(|id| id.to_string()),
            tags: spec.tags.iter().map(Tag::from).collect(),
        };
        let unclear = |several: Vec<Group>, source| {
            let candidates = several.into_iter().map(|group| group.id).collect();
            Error::Unclear { name: spec.name.clone(), candidates, source }
        };
        let fresh = async || {
            let mut groups = self.named_even_if_stopped(region, &spec.name, stop).await?;
            groups.retain(|group| !before.contains(&group.id) && spec.looks_like(group));
            Ok::<_, Error>(groups)
        };
        let mut waits = CREATE_AGAIN.waits();
        let mut lost = None;
        loop {
            let source = match (self.cloud.call(region, &request, stop).await, lost) {
                (Ok(created), lost) => {
                    // The answer lists tags at the service's leisure; the next look shows them.
                    let made = Group { tags: spec.tags.clone(), ..created.security_group.into() };
                    let Some(source) = lost else { return Ok(made) };
                    // What was sent before may have come to its end only now.
                    return match fresh().await {
                        Ok(several) if several.len() > 1 => Err(unclear(several, source)),
                        _ => Ok(made),
                    };
                }
                (Err(error), _) if error.is_ambiguous() => error,
                (Err(error), _) => return Err(failed_to(error)),
            };
            let wait = waits.next();
            cloud::pause(wait.unwrap_or_default(), stop).await;
            let Ok(mut found) = fresh().await else { return Err(failed_to(source)) };
            match (found.len(), found.pop()) {
                (1, Some(only)) => return Ok(only),
                (0, _) if wait.is_none() || stop.is_cancelled() => return Err(failed_to(source)),
                (0, _) => {}
                (_, popped) => {
                    return Err(unclear(found.into_iter().chain(popped).collect(), source));
                }
            }
            lost = Some(source);
        }
    }

    /// All groups of this name.
    pub async fn named(
        &self,
        region: &Region,
        name: &str,
        stop: &CancellationToken,
    ) -> Result<Vec<Group>, Error> {
        let mut groups = Vec::new();
        loop {
            let request = by_name(name, groups.len());
            let page = self.cloud.call(region, &request, stop).await.map_err(|source| {
                Error::Cloud { doing: format!("list security groups named `{name}`"), source }
            })?;
            let (length, total) = (page.security_group_set.len(), page.total_count);
            groups.extend(page.security_group_set);
            if length == 0 || groups.len() >= total {
                return Ok(exactly(name, groups));
            }
        }
    }

    /// All groups of this name, or one page of them if the operation is stopped: a create has been
    /// sent, and what it has done must not stay unknown.
    async fn named_even_if_stopped(
        &self,
        region: &Region,
        name: &str,
        stop: &CancellationToken,
    ) -> Result<Vec<Group>, Error> {
        if !stop.is_cancelled() {
            return self.named(region, name, stop).await;
        }
        let page = self.cloud.call_once(region, &by_name(name, 0)).await.map_err(|source| {
            Error::Cloud { doing: format!("list security groups named `{name}`"), source }
        })?;
        Ok(exactly(name, page.security_group_set))
    }
}

impl Handle {
    /// The group, if it exists.
    pub async fn find(&self, stop: &CancellationToken) -> Result<Option<Group>, Error> {
        let request = DescribeSecurityGroups {
            security_group_ids: vec![self.id.to_string()],
            ..DescribeSecurityGroups::default()
        };
        match self.groups.cloud.call(&self.region, &request, stop).await {
            Ok(SecurityGroups { security_group_set, .. }) => Ok(security_group_set
                .into_iter()
                .map(Group::from)
                .find(|group| group.id == self.id)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(source) => Err(self.failed_to("read", source)),
        }
    }

    /// Makes the group what it shall be. Its project cannot change.
    pub async fn modify(
        &self,
        from: &GroupSpec,
        to: &GroupSpec,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let Groups { cloud, .. } = &self.groups;
        let changed = |from: &String, to: &String| (from != to).then(|| to.clone());
        let attributes = ModifySecurityGroupAttribute {
            security_group_id: self.id.to_string(),
            group_name: changed(&from.name, &to.name),
            group_description: changed(&from.description, &to.description),
        };
        if attributes.group_name.is_some() || attributes.group_description.is_some() {
            let modified = cloud.call(&self.region, &attributes, stop).await;
            modified.map_err(|source| self.not_modified(source))?;
        }
        for request in tags::changes(&self.region, &self.id, &from.tags, &to.tags) {
            let tagged = cloud.call(&self.region, &request, stop).await;
            tagged.map_err(|source| self.failed_to("change the tags of", source))?;
        }
        Ok(())
    }

    /// Deletes the group; that it is gone already is as good. While it is in use this waits, until
    /// stopped; then the error says by whom.
    pub async fn delete(&self, stop: &CancellationToken) -> Result<(), Error> {
        let start = Instant::now();
        let request = DeleteSecurityGroup { security_group_id: self.id.to_string() };
        let mut wait = STILL_HELD;
        loop {
            let source = match self.groups.cloud.call(&self.region, &request, stop).await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == Kind::NotFound => return Ok(()),
                Err(error) if error.kind() == Kind::Busy => error,
                Err(error) => return Err(self.failed_to("delete", error)),
            };
            let holders = self.holders(stop).await;
            info!(group = %self.id, %holders, "the group is in use; waiting to delete it");
            if !cloud::pause(wait, stop).await {
                let (group, waited) = (self.id.clone(), whole_seconds(start.elapsed()));
                return Err(Error::Held { group, holders, waited, source });
            }
            wait = (wait * 2).min(STILL_HELD_AT_MOST);
        }
    }

    fn not_modified(&self, source: cloud::Error) -> Error {
        match source.kind() {
            Kind::NotFound => Error::Gone(self.id.clone()),
            _ => self.failed_to("modify", source),
        }
    }

    fn failed_to(&self, verb: &str, source: cloud::Error) -> Error {
        Error::Cloud { doing: format!("{verb} security group {}", self.id), source }
    }
}

impl GroupSpec {
    /// Whether a group that was just created by somebody may have been created from this.
    fn looks_like(&self, group: &Group) -> bool {
        group.description == self.description
            && group.project_id == self.project_id.unwrap_or_default()
    }
}

impl From<SecurityGroup> for Group {
    fn from(group: SecurityGroup) -> Self {
        Self {
            id: group.security_group_id,
            name: group.security_group_name,
            description: group.security_group_desc,
            project_id: group.project_id,
            tags: group.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            is_default: group.is_default,
            created: beijing_time(&group.created_time),
        }
    }
}

impl From<(&String, &String)> for Tag {
    fn from((key, value): (&String, &String)) -> Self {
        Self { key: key.clone(), value: value.clone() }
    }
}

fn by_name(name: &str, offset: usize) -> DescribeSecurityGroups {
    let filter = Filter { name: "security-group-name".to_owned(), values: vec![name.to_owned()] };
    DescribeSecurityGroups {
        filters: vec![filter],
        offset: Some(offset.to_string()),
        limit: Some(PAGE.to_string()),
        ..DescribeSecurityGroups::default()
    }
}

/// Those that have just this name: whether the service's filter takes parts of names, its
/// reference does not say.
fn exactly(name: &str, groups: Vec<SecurityGroup>) -> Vec<Group> {
    groups.into_iter().map(Group::from).filter(|group| group.name == name).collect()
}

/// The service writes Beijing's time, without saying so, wherever the region is.
fn beijing_time(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Offset::constant(8).to_timestamp(time).ok()
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::{
        Holders,
        fake::{Fake, Fault, World},
    };

    const CREATE: &str = "CreateSecurityGroup";
    const LIST: &str = "DescribeSecurityGroups";

    fn spec() -> GroupSpec {
        let tags = [("team".to_owned(), "net".to_owned())].into();
        GroupSpec {
            name: "pods".to_owned(),
            description: "d".to_owned(),
            tags,
            ..GroupSpec::default()
        }
    }

    fn region() -> Region {
        "ap-guangzhou".parse().unwrap()
    }

    fn add(world: &mut World, id: &str, description: &str) {
        let group = world.group(id);
        (group.name, group.description) = ("pods".to_owned(), description.to_owned());
    }

    async fn create(fake: &Fake) -> Result<Group, Error> {
        let created = fake.groups().create(&region(), &spec(), &CancellationToken::new()).await;
        created.map(|created| created.group)
    }

    #[tokio::test(start_paused = true)]
    async fn ok_create_find_modify_delete() {
        let (fake, stop) = (Fake::default(), CancellationToken::new());
        let created = create(&fake).await.unwrap();
        insta::assert_debug_snapshot!(created, @r#"
        Group {
            id: GroupId(
                "sg-made1",
            ),
            name: "pods",
            description: "d",
            project_id: 0,
            tags: {
                "team": "net",
            },
            is_default: false,
            created: Some(
                2025-12-09T15:14:50Z,
            ),
        }
        "#);
        let handle = fake.groups().at(&region(), &created.id);
        assert_eq!(handle.find(&stop).await.unwrap().unwrap().name, "pods");
        handle.modify(&spec(), &spec(), &stop).await.unwrap();
        assert_eq!(fake.world().log, [LIST, CREATE, LIST]);
        let to = GroupSpec { name: "other".to_owned(), ..GroupSpec::default() };
        handle.modify(&spec(), &to, &stop).await.unwrap();
        assert_eq!(fake.world().log[3..], ["ModifySecurityGroupAttribute", "ModifyResourceTags"]);
        handle.delete(&stop).await.unwrap();
        assert_eq!(handle.find(&stop).await.unwrap(), None);
        handle.delete(&stop).await.unwrap();
        let error = handle.modify(&to, &spec(), &stop).await.unwrap_err();
        insta::assert_snapshot!(error, @"security group sg-made1 does not exist");
    }

    #[tokio::test(start_paused = true)]
    async fn ok_a_lost_create_is_found_again() {
        let fake = Fake::default();
        add(&mut fake.world(), "sg-old", "d");
        fake.world().faults.push_back((CREATE, Fault::Lost));
        assert_eq!(create(&fake).await.unwrap().id.as_str(), "sg-made1");
        assert_eq!(fake.world().log, [LIST, CREATE, LIST]);
    }

    #[tokio::test(start_paused = true)]
    async fn ok_a_failed_create_is_done_again() {
        let fake = Fake::default();
        fake.world().faults.extend([(CREATE, Fault::Down), (CREATE, Fault::Lost)]);
        // A group of the same name that is clearly somebody else's.
        let other: fn(&mut World) = |world| add(world, "sg-other", "not ours");
        fake.world().faults.push_front((LIST, Fault::After(|_| {})));
        fake.world().faults.insert(2, (LIST, Fault::After(other)));
        assert_eq!(create(&fake).await.unwrap().id.as_str(), "sg-made1");
        assert_eq!(fake.world().log, [LIST, CREATE, LIST, CREATE, LIST]);
    }

    #[tokio::test(start_paused = true)]
    async fn err_two_groups_may_be_ours() {
        let fake = Fake::default();
        fake.world().faults.push_back((CREATE, Fault::Lost));
        fake.world().faults.push_back((LIST, Fault::After(|world| add(world, "sg-other", "d"))));
        let error = create(&fake).await.unwrap_err();
        insta::assert_snapshot!(error, @"it is not clear which of sg-made1, sg-other came of creating security group `pods`");
    }

    #[tokio::test(start_paused = true)]
    async fn err_the_first_attempt_ends_after_the_second() {
        let fake = Fake::default();
        let late: fn(&mut World) = |world| add(world, "sg-late", "d");
        fake.world().faults.extend([(CREATE, Fault::Down), (CREATE, Fault::After(late))]);
        let error = create(&fake).await.unwrap_err();
        insta::assert_snapshot!(error, @"it is not clear which of sg-late, sg-made1 came of creating security group `pods`");
        assert_eq!(fake.world().log, [LIST, CREATE, LIST, CREATE, LIST]);
    }

    #[tokio::test(start_paused = true)]
    async fn err_create_refused() {
        let fake = Fake::default();
        fake.world().faults.push_back((CREATE, Fault::Code("LimitExceeded")));
        let error = create(&fake).await.unwrap_err();
        insta::assert_snapshot!(error, @"could not create security group `pods`");
        assert_eq!(fake.world().log, [LIST, CREATE]);
    }

    #[tokio::test(start_paused = true)]
    async fn ok_equal_names_do_not_take_each_others_group() {
        let fake = Fake::default();
        fake.world().faults.extend([(CREATE, Fault::Lost), (CREATE, Fault::Lost)]);
        let (groups, region, spec) = (fake.groups(), region(), spec());
        let stop = CancellationToken::new();
        let (one, two) = tokio::join!(
            groups.create(&region, &spec, &stop),
            groups.create(&region, &spec, &stop),
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_ne!(one.group.id, two.group.id);
        assert_eq!([one.alike, two.alike], [vec![], vec![]]);
        assert_eq!(fake.world().groups.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn ok_stopped_in_flight_is_still_looked_up() {
        let fake = Fake::default();
        fake.world().faults.push_back((CREATE, Fault::Lost));
        let (groups, region, spec) = (fake.groups(), region(), spec());
        let stop = CancellationToken::new();
        let (created, ()) = tokio::join!(groups.create(&region, &spec, &stop), async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            stop.cancel();
        });
        assert_eq!(created.unwrap().group.id.as_str(), "sg-made1");
    }

    #[tokio::test(start_paused = true)]
    async fn ok_what_looks_the_same_and_was_there_before_is_told() {
        let fake = Fake::default();
        add(&mut fake.world(), "sg-left", "d");
        add(&mut fake.world(), "sg-other", "not ours");
        let created = fake.groups().create(&region(), &spec(), &CancellationToken::new()).await;
        let alike: Vec<_> = created.unwrap().alike.iter().map(ToString::to_string).collect();
        assert_eq!(alike, ["sg-left"]);
    }

    #[tokio::test(start_paused = true)]
    async fn err_stopped_while_another_creates_that_name() {
        let fake = Fake::default();
        let (groups, region, spec) = (fake.groups(), region(), spec());
        let _turn = groups.sole_creator(&region, &spec.name).await;
        let stop = CancellationToken::new();
        let created = groups.create(&region, &spec, &stop);
        let (created, ()) =
            tokio::join!(tokio::time::timeout(Duration::from_mins(1), created), async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                stop.cancel();
            });
        created.expect("it still waits").unwrap_err();
        assert_eq!(fake.world().log, [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn ok_delete_waits_and_says_for_whom() {
        let fake = Fake::default();
        add(&mut fake.world(), "sg-x", "d");
        fake.world().holders = (3, vec!["sg-y".to_owned()]);
        let handle = fake.groups().at(&region(), &"sg-x".parse().unwrap());
        let stop = CancellationToken::new();
        let (deleted, ()) = tokio::join!(handle.delete(&stop), async {
            tokio::time::sleep(Duration::from_mins(5)).await;
            stop.cancel();
        });
        let error = deleted.unwrap_err();
        insta::assert_snapshot!(error, @"security group sg-x is still in use after 300s: carried by 3 EKS; mentioned by rules of sg-y");
        assert!(fake.calls("DeleteSecurityGroup") < 30);

        let stop = CancellationToken::new();
        let (deleted, ()) = tokio::join!(handle.delete(&stop), async {
            tokio::time::sleep(Duration::from_mins(1)).await;
            fake.world().holders = (0, Vec::new());
        });
        deleted.unwrap();
        assert_eq!(Holders::default(), handle.holders(&stop).await);
    }

    #[test]
    fn ok_times_of_beijing() {
        let time = |text| beijing_time(text).map(|time| time.to_string());
        assert_eq!(time("2025-12-09 23:14:50").as_deref(), Some("2025-12-09T15:14:50Z"));
        assert_eq!(time(""), None);
    }
}
