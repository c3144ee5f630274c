//! The group itself: create, find, list, modify, delete.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{Error, Groups, Handle, tags};
use crate::{
    cloud::{
        self, Cause, ErrorKind, Region,
        api::vpc::{
            CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups, Filter,
            ModifySecurityGroupAttribute, SecurityGroup, SecurityGroupPage, Tag,
        },
    },
    rules::GroupId,
    wait::{self, Backoff, Condition, Failed, await_condition},
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
    pub lookalikes: Vec<GroupId>,
}

/// How often a create that got no response is tried again, and how long to wait in between: what
/// was sent before may still be under way.
const CREATE_RETRY: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    times: Some(3),
    total: Some(Duration::from_secs(20)),
};

/// How long to wait before asking again whether a group may be deleted now.
const IN_USE_POLL: Backoff = Backoff {
    first: Duration::from_secs(2),
    longest: Duration::from_secs(15),
    times: None,
    total: None,
};

/// Most groups on one page.
const PAGE: usize = 100;

/// An account may have some thousand groups; a list that goes on is no list.
const MOST_PAGES: usize = 100;

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
        cancel: &CancellationToken,
    ) -> Result<Created, Error> {
        // A cancelled wait shows at the first call.
        let mut made = tokio::select! {
            made = self.sole_creator(region, &spec.name) => Some(made),
            () = cancel.cancelled() => None,
        };
        let before = self.named(region, &spec.name, cancel).await?;
        let group = self.create_among(&before, region, spec, cancel).await?;
        let ours = |id: &GroupId| made.as_ref().is_some_and(|made| made.contains(id));
        let lookalikes =
            before.into_iter().filter(|group| spec.looks_like(group) && !ours(&group.id));
        let lookalikes = lookalikes.map(|group| group.id).collect();
        if let Some(made) = &mut made {
            made.insert(group.id.clone());
        }
        Ok(Created { group, lookalikes })
    }

    /// Creates a group where those of its name are `before`.
    async fn create_among(
        &self,
        before: &[Group],
        region: &Region,
        spec: &GroupSpec,
        cancel: &CancellationToken,
    ) -> Result<Group, Error> {
        let before: BTreeSet<&GroupId> = before.iter().map(|group| &group.id).collect();
        let request = &CreateSecurityGroup {
            group_name: spec.name.clone(),
            group_description: spec.description.clone(),
            project_id: spec.project_id.map(|id| id.to_string()),
            tags: spec.tags.iter().map(Tag::from).collect(),
        };
        let appeared = &async || {
            let mut groups = self.named_even_if_cancelled(region, &spec.name, cancel).await?;
            groups.retain(|group| !before.contains(&group.id) && spec.looks_like(group));
            Ok::<_, cloud::Error>(groups)
        };
        let lost = &Mutex::new(None);
        let created = wait::retry(CREATE_RETRY, cancel, |_| async move {
            let before_this = lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(source) = &before_this
                && let Some(found) = only(appeared().await, source).map_err(Failed::Final)?
            {
                return Ok(found);
            }
            match (self.cloud.call(region, request, cancel).await, before_this) {
                (Ok(created), before_this) => {
                    // The answer lists tags at the service's leisure; the next look shows them.
                    let tags = spec.tags.clone();
                    let created = Group { tags, ..created.security_group.into() };
                    let Some(source) = before_this else { return Ok(created) };
                    // What was sent before may have come to its end only now.
                    match only(appeared().await, &source) {
                        Err(error @ Error::Ambiguous { .. }) => Err(Failed::Final(error)),
                        _ => Ok(created),
                    }
                }
                (Err(error), _) if error.is_cancelled() => Err(Failed::Cancelled(error.into())),
                (Err(error), _) if error.is_ambiguous() => {
                    *lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                    Err(Failed::Retryable(error.into(), Duration::ZERO))
                }
                (Err(error), _) => Err(Failed::Final(error.into())),
            }
        });
        match created.await {
            Err(Error::Cloud(source)) if source.is_ambiguous() => {
                only(appeared().await, &source)?.ok_or(Error::Cloud(source))
            }
            created => created,
        }
    }

    /// All groups of this name.
    pub async fn named(
        &self,
        region: &Region,
        name: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<Group>, cloud::Error> {
        let mut groups = Vec::new();
        for _ in 0..MOST_PAGES {
            let request = by_name(name, groups.len());
            let page = self.cloud.call(region, &request, cancel).await?;
            let (length, total) = (page.security_group_set.len(), page.total_count);
            groups.extend(page.security_group_set);
            if length == 0 || groups.len() >= total {
                return Ok(exactly(name, groups));
            }
        }
        Err(cloud::Error::new(
            "DescribeSecurityGroups",
            region,
            1,
            None,
            Cause::TooManyPages(MOST_PAGES),
        ))
    }

    /// All groups of this name, or one page of them if the operation is cancelled: a create has been
    /// sent, and what it has done must not stay unknown.
    async fn named_even_if_cancelled(
        &self,
        region: &Region,
        name: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<Group>, cloud::Error> {
        match self.named(region, name, cancel).await {
            Err(_) if cancel.is_cancelled() => {}
            found => return found,
        }
        let page = self.cloud.call_once(region, &by_name(name, 0)).await?;
        Ok(exactly(name, page.security_group_set))
    }
}

/// The one group that a create without response, `source`, has left; an error if there are several.
/// That the create failed says more than that looking for it failed, too.
fn only(
    appeared: Result<Vec<Group>, cloud::Error>,
    source: &cloud::Error,
) -> Result<Option<Group>, Error> {
    let Ok(mut groups) = appeared else { return Err(source.clone().into()) };
    if groups.len() > 1 {
        let candidates = groups.into_iter().map(|group| group.id).collect();
        return Err(Error::Ambiguous { candidates, source: source.clone() });
    }
    Ok(groups.pop())
}

impl Handle {
    /// The group, if it exists.
    pub async fn find(&self, cancel: &CancellationToken) -> Result<Option<Group>, Error> {
        let request = DescribeSecurityGroups {
            security_group_ids: vec![self.id.to_string()],
            ..DescribeSecurityGroups::default()
        };
        match self.groups.cloud.call(&self.region, &request, cancel).await {
            Ok(SecurityGroupPage { security_group_set, .. }) => Ok(security_group_set
                .into_iter()
                .map(Group::from)
                .find(|group| group.id == self.id)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the group what it shall be. Its project cannot change.
    ///
    /// It takes several calls. After each, `reached` gets what the group is now: an error of a
    /// later call must not hide what an earlier one has done.
    pub async fn modify(
        &self,
        from: &GroupSpec,
        to: &GroupSpec,
        cancel: &CancellationToken,
        reached: impl Fn(&GroupSpec),
    ) -> Result<(), Error> {
        let Groups { cloud, .. } = &self.groups;
        let mut now = from.clone();
        let changed = |from: &String, to: &String| (from != to).then(|| to.clone());
        let attributes = ModifySecurityGroupAttribute {
            security_group_id: self.id.to_string(),
            group_name: changed(&from.name, &to.name),
            group_description: changed(&from.description, &to.description),
        };
        if attributes.group_name.is_some() || attributes.group_description.is_some() {
            let modified = cloud.call(&self.region, &attributes, cancel).await;
            modified.map_err(|error| self.not_modified(error))?;
            (now.name, now.description) = (to.name.clone(), to.description.clone());
            reached(&now);
        }
        for request in tags::changes(&self.region, &self.id, &from.tags, &to.tags) {
            let tagged = cloud.call(&self.region, &request, cancel).await;
            match &tagged {
                Ok(_) => tags::apply(&request, &mut now.tags),
                // The next read tells which of them are there.
                Err(error) if error.is_ambiguous() => tags::add(&request, &mut now.tags),
                Err(_) => {}
            }
            reached(&now);
            tagged?;
        }
        Ok(())
    }

    /// Deletes the group; that it is gone already is as good. While it is in use this waits, until
    /// cancelled; then the error says what uses it.
    pub async fn delete(&self, cancel: &CancellationToken) -> Result<(), Error> {
        let request = &DeleteSecurityGroup { security_group_id: self.id.to_string() };
        await_condition(
            IN_USE_POLL,
            cancel,
            || async move {
                let source = match self.groups.cloud.call(&self.region, request, cancel).await {
                    Ok(_) => return Ok(Condition::Met(())),
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        return Ok(Condition::Met(()));
                    }
                    Err(error) if error.kind() == ErrorKind::Busy => error,
                    Err(error) => return Err(error.into()),
                };
                // Explains the refusal, also of a delete that is given up now.
                let usage = self.usage(&CancellationToken::new()).await;
                info!(group = %self.id, %usage, "the group is in use; waiting to delete it");
                Ok(Condition::Pending((usage, source)))
            },
            |(usage, source), waited| {
                let group = self.id.clone();
                Error::InUse { group, usage, waited, source }
            },
        )
        .await
    }

    fn not_modified(&self, error: cloud::Error) -> Error {
        match error.kind() {
            ErrorKind::NotFound => Error::GroupNotFound(self.id.clone()),
            _ => error.into(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::{
        Usage,
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
    async fn group_is_created_found_modified_and_deleted() {
        let (fake, cancel) = (Fake::default(), CancellationToken::new());
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
        assert_eq!(handle.find(&cancel).await.unwrap().unwrap().name, "pods");
        handle.modify(&spec(), &spec(), &cancel, |_| ()).await.unwrap();
        assert_eq!(fake.world().log, [LIST, CREATE, LIST]);
        let to = GroupSpec { name: "other".to_owned(), ..GroupSpec::default() };
        handle.modify(&spec(), &to, &cancel, |_| ()).await.unwrap();
        assert_eq!(fake.world().log[3..], ["ModifySecurityGroupAttribute", "ModifyResourceTags"]);
        handle.delete(&cancel).await.unwrap();
        assert_eq!(handle.find(&cancel).await.unwrap(), None);
        handle.delete(&cancel).await.unwrap();
        let error = handle.modify(&to, &spec(), &cancel, |_| ()).await.unwrap_err();
        insta::assert_snapshot!(error, @"security group sg-made1 does not exist");
    }

    #[tokio::test(start_paused = true)]
    async fn create_with_lost_response_is_found_by_name() {
        let fake = Fake::default();
        add(&mut fake.world(), "sg-old", "d");
        fake.world().faults.push_back((CREATE, Fault::Lost));
        assert_eq!(create(&fake).await.unwrap().id.as_str(), "sg-made1");
        assert_eq!(fake.world().log, [LIST, CREATE, LIST]);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_create_is_repeated() {
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
    async fn two_new_groups_after_a_lost_create_are_ambiguous() {
        let fake = Fake::default();
        fake.world().faults.push_back((CREATE, Fault::Lost));
        fake.world().faults.push_back((LIST, Fault::After(|world| add(world, "sg-other", "d"))));
        let error = create(&fake).await.unwrap_err();
        insta::assert_snapshot!(error, @"cannot tell which of sg-made1, sg-other this request created");
    }

    #[tokio::test(start_paused = true)]
    async fn late_first_create_makes_the_outcome_ambiguous() {
        let fake = Fake::default();
        let late: fn(&mut World) = |world| add(world, "sg-late", "d");
        fake.world().faults.extend([(CREATE, Fault::Down), (CREATE, Fault::After(late))]);
        let error = create(&fake).await.unwrap_err();
        insta::assert_snapshot!(error, @"cannot tell which of sg-late, sg-made1 this request created");
        assert_eq!(fake.world().log, [LIST, CREATE, LIST, CREATE, LIST]);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_create_is_not_repeated() {
        let fake = Fake::default();
        fake.world().faults.push_back((CREATE, Fault::Code("LimitExceeded")));
        let error = create(&fake).await.unwrap_err();
        insta::assert_snapshot!(error, @"CreateSecurityGroup in ap-guangzhou failed (request r-1)");
        assert_eq!(fake.world().log, [LIST, CREATE]);
    }

    #[tokio::test(start_paused = true)]
    async fn creates_of_one_name_do_not_confuse_their_groups() {
        let fake = Fake::default();
        fake.world().faults.extend([(CREATE, Fault::Lost), (CREATE, Fault::Lost)]);
        let (groups, region, spec) = (fake.groups(), region(), spec());
        let cancel = CancellationToken::new();
        let (one, two) = tokio::join!(
            groups.create(&region, &spec, &cancel),
            groups.create(&region, &spec, &cancel),
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_ne!(one.group.id, two.group.id);
        assert_eq!([one.lookalikes, two.lookalikes], [vec![], vec![]]);
        assert_eq!(fake.world().groups.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn create_cancelled_in_flight_is_settled_by_a_look() {
        let fake = Fake::default();
        fake.world().faults.push_back((CREATE, Fault::Lost));
        let (groups, region, spec) = (fake.groups(), region(), spec());
        let cancel = CancellationToken::new();
        let (created, ()) = tokio::join!(groups.create(&region, &spec, &cancel), async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            cancel.cancel();
        });
        assert_eq!(created.unwrap().group.id.as_str(), "sg-made1");
    }

    #[tokio::test(start_paused = true)]
    async fn create_reports_existing_groups_that_look_the_same() {
        let fake = Fake::default();
        add(&mut fake.world(), "sg-left", "d");
        add(&mut fake.world(), "sg-other", "not ours");
        let created = fake.groups().create(&region(), &spec(), &CancellationToken::new()).await;
        let lookalikes: Vec<_> =
            created.unwrap().lookalikes.iter().map(ToString::to_string).collect();
        assert_eq!(lookalikes, ["sg-left"]);
    }

    #[tokio::test(start_paused = true)]
    async fn create_cancelled_while_waiting_for_the_same_name_sends_nothing() {
        let fake = Fake::default();
        let (groups, region, spec) = (fake.groups(), region(), spec());
        let _turn = groups.sole_creator(&region, &spec.name).await;
        let cancel = CancellationToken::new();
        let created = groups.create(&region, &spec, &cancel);
        let (created, ()) =
            tokio::join!(tokio::time::timeout(Duration::from_mins(1), created), async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                cancel.cancel();
            });
        created.expect("it still waits").unwrap_err();
        assert_eq!(fake.world().log, [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn delete_of_group_in_use_waits_and_names_its_users() {
        let fake = Fake::default();
        add(&mut fake.world(), "sg-x", "d");
        fake.world().usage = (3, vec!["sg-y".to_owned()]);
        let handle = fake.groups().at(&region(), &"sg-x".parse().unwrap());
        let cancel = CancellationToken::new();
        let (deleted, ()) = tokio::join!(handle.delete(&cancel), async {
            tokio::time::sleep(Duration::from_mins(5)).await;
            cancel.cancel();
        });
        let error = deleted.unwrap_err();
        insta::assert_snapshot!(error, @"security group sg-x is still in use after 300 s: attached to 3 EKS instances; referenced by rules in sg-y");
        assert!(fake.calls("DeleteSecurityGroup") < 30);

        let cancel = CancellationToken::new();
        let (deleted, ()) = tokio::join!(handle.delete(&cancel), async {
            tokio::time::sleep(Duration::from_mins(1)).await;
            fake.world().usage = (0, Vec::new());
        });
        deleted.unwrap();
        assert_eq!(Usage::default(), handle.usage(&cancel).await);
    }

    #[test]
    fn created_time_is_read_as_beijing_time() {
        let time = |text| beijing_time(text).map(|time| time.to_string());
        assert_eq!(time("2025-12-09 23:14:50").as_deref(), Some("2025-12-09T15:14:50Z"));
        assert_eq!(time(""), None);
    }
}
