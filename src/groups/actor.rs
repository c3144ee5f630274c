//! The actor of one group's rules: the only task that reads or writes them.
//!
//! **Reads share a snapshot.** Whoever asks while one is fetched or within [`SNAPSHOT_TTL`] of it gets the
//! same one: a plan reads all rules of a group with one call, although Terraform asks for them one
//! by one over its walk. It is dropped before every write. Nothing is gained by keeping it longer,
//! and a walk that waits for minutes on something else should not decide on old news.
//!
//! **Writes** go one after the other, each compiled against a snapshot and sent with its version.
//! If the service knows a newer version, or nobody knows whether it was done, a fresh snapshot
//! decides. To batch writes is to take several off the queue in `run` and to compile them together;
//! how calls are sent and failures are looked at stays as it is.
//!
//! **Claims.** A rule that is not there may be one that somebody edited. It is taken to be the one
//! rule near it that was no neighbor before and that nobody else has claimed; which rules are whose
//! shows only as the reads of a walk come in. So the question rests until no read has come for
//! [`CLAIM_DEBOUNCE`].

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    Error, Handle, NeighborFingerprints, RuleSpec, Tracked,
    change::{Change, Step, Write},
    snapshot::Snapshot,
};
use crate::{
    cloud::{
        self, Client, ErrorKind, Region,
        api::vpc::{DescribeSecurityGroupPolicies, SecurityGroupPolicies},
    },
    rules::{Difference, GroupId, Rule},
    wait::{self, Backoff},
};

/// How long a snapshot may answer questions.
const SNAPSHOT_TTL: Duration = Duration::from_secs(30);

/// How long reads must have ceased before an edited rule is looked for among unclaimed ones. Only
/// walks that have lost a rule wait at all, and then once.
const CLAIM_DEBOUNCE: Duration = Duration::from_millis(100);

/// How often a write is compiled anew, and how long to wait in between.
const WRITE_RETRY: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    times: Some(5),
    total: Some(Duration::from_secs(30)),
};

/// The same for a write that came too late. Nothing was done, so it is safe to be patient: whoever
/// applies a hundred rules of another state to the group is ahead of us every second time.
const VERSION_RETRY: Backoff =
    Backoff { times: Some(30), total: Some(Duration::from_mins(2)), ..WRITE_RETRY };

/// How many rules to name when one cannot be found.
const NEAREST: usize = 5;

/// Where to send messages to an actor. It ends when all of these are gone.
pub(super) type Mailbox = mpsc::UnboundedSender<Message>;

/// Something for an actor to do.
#[derive(Debug)]
pub(super) struct Message {
    asked: Instant,
    cancel: CancellationToken,
    command: Command,
}

/// What, and whom to tell.
#[derive(Debug)]
pub(super) enum Command {
    Find(Rule, ReplyTo<Option<RuleSpec>>),
    Nearest(Rule, ReplyTo<Vec<RuleSpec>>),
    References(GroupId, ReplyTo<Vec<RuleSpec>>),
    Track(RuleSpec, NeighborFingerprints, ReplyTo<Tracked>),
    NeighborFingerprints(RuleSpec, ReplyTo<NeighborFingerprints>),
    Change(Change, ReplyTo<()>),
}

type ReplyTo<T> = oneshot::Sender<Result<T, Error>>;

impl Handle {
    /// Has the actor do something.
    pub(super) async fn ask<T>(
        &self,
        cancel: &CancellationToken,
        command: impl FnOnce(ReplyTo<T>) -> Command,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let message =
            Message { asked: Instant::now(), cancel: cancel.clone(), command: command(reply) };
        let abandoned = || Error::ActorStopped(self.id.clone());
        self.actor().send(message).ok().ok_or_else(abandoned)?;
        answer.await.ok().ok_or_else(abandoned)?
    }
}

struct Actor {
    cloud: Client,
    region: Region,
    group: GroupId,
    view: Option<View>,
    /// Which rule belongs to whom: from what it says to what its owner last knew it to say.
    claims: HashMap<Rule, Rule>,
    missing: Vec<Missing>,
}

/// A rule that is not there but may have been edited, and who wants to know.
struct Missing {
    known: RuleSpec,
    neighbors: NeighborFingerprints,
    cancel: CancellationToken,
    reply: ReplyTo<Tracked>,
}

/// What the last look at the group gave: its rules, nothing if there is no group, or a failure.
struct View {
    at: Instant,
    rules: Result<Option<Arc<Snapshot>>, cloud::Error>,
}

/// Starts the actor of a group.
pub(super) fn start(cloud: &Client, region: &Region, group: &GroupId) -> Mailbox {
    let (mailbox, messages) = mpsc::unbounded_channel();
    let actor = Actor {
        cloud: cloud.clone(),
        region: region.clone(),
        group: group.clone(),
        view: None,
        claims: HashMap::new(),
        missing: Vec::new(),
    };
    tokio::spawn(actor.run(messages));
    mailbox
}

impl Actor {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut quiet = Instant::now();
        loop {
            tokio::select! {
                biased;
                message = messages.recv() => {
                    let Some(message) = message else { break };
                    self.handle(message).await;
                    quiet = Instant::now() + CLAIM_DEBOUNCE;
                }
                () = sleep_until(quiet), if !self.missing.is_empty() => self.settle().await,
            }
        }
    }

    /// Does one message. Whoever asked may be gone by the time of the answer; that is their affair.
    async fn handle(&mut self, message: Message) {
        let Message { asked, cancel, command } = message;
        match command {
            Command::Find(rule, reply) => {
                let found = self.look(asked, &cancel).await.map(|snapshot| {
                    let wanted = RuleSpec { rule, description: String::new() };
                    snapshot.and_then(|snapshot| Some(snapshot.find(&wanted)?.spec.clone()))
                });
                reply.send(found).ok();
            }
            Command::Nearest(rule, reply) => {
                let nearest = self.look(asked, &cancel).await.map(|snapshot| {
                    snapshot.map(|snapshot| snapshot.nearest(&rule, NEAREST)).unwrap_or_default()
                });
                reply.send(nearest).ok();
            }
            Command::References(group, reply) => {
                let references = self.look(asked, &cancel).await.map(|snapshot| {
                    snapshot.map(|snapshot| snapshot.references(&group)).unwrap_or_default()
                });
                reply.send(references).ok();
            }
            Command::NeighborFingerprints(spec, reply) => {
                let neighbors = self.look(asked, &cancel).await.map(|snapshot| {
                    snapshot.map(|snapshot| snapshot.neighbors(&spec)).unwrap_or_default()
                });
                reply.send(neighbors).ok();
            }
            Command::Track(known, neighbors, reply) => {
                let tracked = match self.look(asked, &cancel).await {
                    Ok(Some(snapshot)) => self.track(&snapshot, &known, &neighbors),
                    Ok(None) => Some(Tracked::Gone(Vec::new())),
                    Err(error) => {
                        reply.send(Err(error)).ok();
                        return;
                    }
                };
                match tracked {
                    Some(tracked) => drop(reply.send(Ok(tracked))),
                    None => self.missing.push(Missing { known, neighbors, cancel, reply }),
                }
            }
            Command::Change(change, reply) => {
                reply.send(self.change(change, asked, &cancel).await).ok();
            }
        }
    }

    /// The rules of the group, from the last look if that is good enough; `None` without a group.
    async fn look(
        &mut self,
        asked: Instant,
        cancel: &CancellationToken,
    ) -> Result<Option<Arc<Snapshot>>, Error> {
        let shared = self.view.take().filter(|view| match view.rules {
            Ok(_) => view.at.elapsed() < SNAPSHOT_TTL,
            // Whoever asked before it failed would otherwise wait for the same failure again.
            Err(_) => asked < view.at,
        });
        let view = if let Some(view) = shared {
            view
        } else {
            let answer = self.cloud.call(&self.region, &self.question(), cancel).await;
            View { at: Instant::now(), rules: snapshot(answer) }
        };
        let rules = view.rules.clone();
        // A failure may be due to this caller's own cancel; then it is no answer to others.
        self.view = (rules.is_ok() || !cancel.is_cancelled()).then_some(view);
        rules.map_err(Error::from)
    }

    fn question(&self) -> DescribeSecurityGroupPolicies {
        DescribeSecurityGroupPolicies { security_group_id: self.group.to_string() }
    }
}

/// The snapshot that an answer holds; `None` if the group does not exist.
fn snapshot(
    answer: Result<SecurityGroupPolicies, cloud::Error>,
) -> Result<Option<Arc<Snapshot>>, cloud::Error> {
    match answer {
        Ok(answer) => Ok(Some(Arc::new(Snapshot::new(answer.security_group_policy_set)))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

// Following rules that somebody edited.
impl Actor {
    /// What has become of a rule, unless that has to wait until others have claimed theirs.
    fn track(
        &mut self,
        snapshot: &Snapshot,
        known: &RuleSpec,
        neighbors: &NeighborFingerprints,
    ) -> Option<Tracked> {
        if let Some(entry) = snapshot.find(known).filter(|entry| self.is_free(&entry.spec, known)) {
            self.claims.insert(known.rule.clone(), known.rule.clone());
            return Some(Tracked::Same(entry.spec.clone()));
        }
        let may_be_edited = self.candidates(snapshot, known, neighbors).next().is_some();
        (!may_be_edited).then(|| Tracked::Gone(Vec::new()))
    }

    /// Answers those that had to wait.
    async fn settle(&mut self) {
        for Missing { known, neighbors, cancel, reply } in mem::take(&mut self.missing) {
            let snapshot = self.look(Instant::now(), &cancel).await;
            let tracked = snapshot.map(|snapshot| match snapshot {
                Some(snapshot) => self.identify(&snapshot, &known, &neighbors),
                None => Tracked::Gone(Vec::new()),
            });
            reply.send(tracked).ok();
        }
    }

    /// What has become of a rule, now that others have claimed theirs.
    fn identify(
        &mut self,
        snapshot: &Snapshot,
        known: &RuleSpec,
        neighbors: &NeighborFingerprints,
    ) -> Tracked {
        if let Some(Tracked::Same(spec)) = self.track(snapshot, known, neighbors) {
            return Tracked::Same(spec);
        }
        let candidates: Vec<_> = self.candidates(snapshot, known, neighbors).collect();
        if let [(spec, difference)] = candidates.as_slice() {
            self.claims.insert(spec.rule.clone(), known.rule.clone());
            return Tracked::Drifted((*spec).clone(), *difference);
        }
        Tracked::Gone(candidates.into_iter().map(|(spec, _)| spec.clone()).collect())
    }

    /// The rules that may be `known` after an edit.
    fn candidates<'a>(
        &self,
        snapshot: &'a Snapshot,
        known: &RuleSpec,
        neighbors: &NeighborFingerprints,
    ) -> impl Iterator<Item = (&'a RuleSpec, Difference)> {
        snapshot
            .near(known)
            .filter(|(spec, _)| self.is_free(spec, known) && !neighbors.holds(&spec.rule))
    }

    /// Whether a rule that is there is nobody's, or that of whoever knows it as `known`.
    fn is_free(&self, spec: &RuleSpec, known: &RuleSpec) -> bool {
        self.claims.get(&spec.rule).is_none_or(|owner| *owner == known.rule)
    }
}

// Writing.
impl Actor {
    async fn change(
        &mut self,
        change: Change,
        asked: Instant,
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let Some(snapshot) = self.look(asked, cancel).await? else {
            return change.without_group(&self.group);
        };
        let change = change.about_one(&snapshot);
        let mut next = change.compile(&self.group, &snapshot, false)?;
        let mut tried = false;
        let (mut again, mut overtaken) = (WRITE_RETRY.delays(), VERSION_RETRY.delays());
        while let Step::Write(write) = next {
            self.view = None;
            let Err(error) = self.send(&write, cancel).await else { return Ok(()) };
            tried |= error.is_ambiguous();
            let after = After::of(&error);
            let is_stale = error.kind() == ErrorKind::Stale;
            match (after, if is_stale { overtaken.next() } else { again.next() }) {
                (After::Again, None) if is_stale => {
                    return Err(Error::ConflictRetriesExhausted {
                        group: self.group.clone(),
                        source: error,
                    });
                }
                (After::GiveUp, _) | (After::Again, None) => return Err(error.into()),
                (After::Again, Some(wait)) => drop(wait::sleep(wait, cancel).await),
                (After::Recheck, _) => {}
            }
            let looked = match self.look(asked, cancel).await {
                Err(_) if cancel.is_cancelled() => self.last_look().await,
                looked => looked,
            };
            // That the write failed says more than that looking at it failed, too.
            let Ok(looked) = looked else { return Err(error.into()) };
            let Some(snapshot) = looked else { return change.without_group(&self.group) };
            next = change.compile(&self.group, &snapshot, tried)?;
            let undone = matches!(next, Step::Write(_));
            if undone && (after == After::Recheck || cancel.is_cancelled()) {
                return Err(error.into());
            }
            debug!(group = %self.group, cause = %error.cause(), undone, "looked again");
        }
        Ok(())
    }

    async fn send(&self, write: &Write, cancel: &CancellationToken) -> Result<(), cloud::Error> {
        let Self { cloud, region, .. } = self;
        match write {
            Write::Create(request) => cloud.call(region, request, cancel).await.map(drop),
            Write::Replace(request) => cloud.call(region, request, cancel).await.map(drop),
            Write::Delete(request) => cloud.call(region, request, cancel).await.map(drop),
        }
    }

    /// One look although the operation is cancelled: a write has been sent, and what it has done
    /// must not stay unknown.
    async fn last_look(&self) -> Result<Option<Arc<Snapshot>>, Error> {
        let answer = self.cloud.call_once(&self.region, &self.question()).await;
        Ok(snapshot(answer)?)
    }
}

/// What to do about a failed write, after a fresh look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// Compile it anew.
    Again,
    /// Nothing, but the look may explain it: an equal rule has come, or the group has gone.
    Recheck,
    /// Nothing.
    GiveUp,
}

impl After {
    fn of(error: &cloud::Error) -> Self {
        match error.kind() {
            ErrorKind::Stale => Self::Again,
            _ if error.is_ambiguous() => Self::Again,
            ErrorKind::Conflict | ErrorKind::NotFound => Self::Recheck,
            _ => Self::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        groups::fake::{Fake, Fault, World},
        rules::{Difference, RuleId},
    };

    const CREATE: &str = "CreateSecurityGroupPolicies";
    const DELETE: &str = "DeleteSecurityGroupPolicies";
    const READ: &str = "DescribeSecurityGroupPolicies";
    const REPLACE: &str = "ReplaceSecurityGroupPolicies";

    fn spec(text: &str) -> RuleSpec {
        let (rule, description) = text.split_once(' ').unwrap_or((text, ""));
        let id: RuleId = format!("sg-x_ingress_accept_{rule}").parse().unwrap();
        RuleSpec { rule: id.rule, description: description.to_owned() }
    }

    /// As the service holds it.
    fn held(text: &str) -> Value {
        serde_json::to_value(super::super::snapshot::policy(&spec(text))).unwrap()
    }

    /// A group with these rules, and a handle on it.
    fn group(rules: &[&str]) -> (Fake, Handle) {
        let fake = Fake::default();
        fake.world().group("sg-x").ingress = rules.iter().map(|rule| held(rule)).collect();
        let handle = fake.groups().at(&"ap-guangzhou".parse().unwrap(), &"sg-x".parse().unwrap());
        (fake, handle)
    }

    #[track_caller]
    fn check(fake: &Fake, rules: &[&str]) {
        let shown = |rule: &Value| {
            format!("{}_{}_{}", rule["Protocol"], rule["Port"], rule["CidrBlock"])
                + &format!(" {}", rule["PolicyDescription"])
        };
        let found: Vec<String> = fake.world().group("sg-x").ingress.iter().map(shown).collect();
        let wanted: Vec<String> = rules.iter().map(|rule| shown(&held(rule))).collect();
        assert_eq!(found, wanted);
    }

    fn fail(fake: &Fake, action: &'static str, faults: &[Fault]) {
        fake.world().faults.extend(faults.iter().map(|fault| (action, *fault)));
    }

    async fn track(
        group: &Handle,
        known: &RuleSpec,
        cancel: &CancellationToken,
    ) -> Result<Tracked, Error> {
        group.track_rule(known, &NeighborFingerprints::default(), cancel).await
    }

    fn go() -> CancellationToken {
        CancellationToken::new()
    }

    #[tokio::test(start_paused = true)]
    async fn reads_of_one_plan_share_one_call() {
        let rules: Vec<String> = (1..=100).map(|port| format!("tcp_{port}_10.0.0.0/8")).collect();
        let (fake, group) = group(&rules.iter().map(String::as_str).collect::<Vec<_>>());
        let walk = rules.iter().enumerate().map(|(turn, rule)| {
            let (group, known) = (group.clone(), spec(rule));
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(turn as u64 * 200)).await;
                assert_eq!(track(&group, &known, &go()).await.unwrap(), Tracked::Same(known));
            })
        });
        for read in walk.collect::<Vec<_>>() {
            read.await.unwrap();
        }
        assert_eq!(fake.calls(READ), 1);
        tokio::time::sleep(SNAPSHOT_TTL).await;
        group.find_rule(&spec("tcp_1_10.0.0.0/8").rule, &go()).await.unwrap().unwrap();
        assert_eq!(fake.calls(READ), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_readers_share_one_failure() {
        let (fake, group) = group(&[]);
        fail(&fake, READ, &[Fault::Code("AuthFailure.SignatureFailure")]);
        let (known, cancel) = (spec("tcp_1_10.0.0.0/8"), go());
        let (one, two) =
            tokio::join!(track(&group, &known, &cancel), track(&group, &known, &cancel));
        assert!(matches!((one, two), (Err(Error::Cloud(_)), Err(Error::Cloud(_)))));
        assert_eq!(fake.calls(READ), 1);
        assert_eq!(track(&group, &known, &cancel).await.unwrap(), Tracked::Gone(Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn rule_is_added_edited_and_removed() {
        let (fake, group) = group(&["tcp_1_10.0.0.0/8", "tcp_2_10.0.0.0/8", "tcp_3_10.0.0.0/8"]);
        group.add_rule(&spec("udp_53_10.0.0.0/8 dns"), &go()).await.unwrap();
        let (from, to) = (spec("tcp_2_10.0.0.0/8"), spec("tcp_22_10.0.0.1 ssh"));
        group.edit_rule(&from, &to, &go()).await.unwrap();
        group.remove_rule(&spec("tcp_1_10.0.0.0/8"), &go()).await.unwrap();
        check(&fake, &["tcp_22_10.0.0.1 ssh", "tcp_3_10.0.0.0/8", "udp_53_10.0.0.0/8 dns"]);
        let writes = [fake.calls(CREATE), fake.calls(REPLACE), fake.calls(DELETE)];
        assert_eq!((fake.calls(READ), writes), (3, [1, 1, 1]));

        group.remove_rule(&spec("tcp_1_10.0.0.0/8"), &go()).await.unwrap();
        group.edit_rule(&from, &to, &go()).await.unwrap();
        assert_eq!((fake.calls(READ), fake.calls(DELETE), fake.calls(REPLACE)), (4, 1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn adding_or_editing_to_an_existing_rule_fails() {
        let (fake, group) = group(&["tcp_1_10.0.0.0/8 mine", "tcp_2_10.0.0.0/8"]);
        let error = group.add_rule(&spec("tcp_1_10.0.0.0/8 other"), &go()).await.unwrap_err();
        insta::assert_snapshot!(error, @"rule sg-x_ingress_accept_tcp_1_10.0.0.0/8 already exists");
        let (from, to) = (spec("tcp_1_10.0.0.0/8 mine"), spec("tcp_2_10.0.0.0/8"));
        let error = group.edit_rule(&from, &to, &go()).await.unwrap_err();
        insta::assert_snapshot!(error, @"rule sg-x_ingress_accept_tcp_2_10.0.0.0/8 already exists");
        let (from, to) = (spec("tcp_8_10.0.0.0/8"), spec("tcp_9_10.0.0.0/8"));
        let error = group.edit_rule(&from, &to, &go()).await.unwrap_err();
        insta::assert_snapshot!(error, @"rule sg-x_ingress_accept_tcp_8_10.0.0.0/8 no longer exists");
        assert_eq!(fake.calls(CREATE) + fake.calls(REPLACE), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn parallel_adds_all_succeed() {
        let (fake, group) = group(&[]);
        let adds: Vec<_> = (1..=10)
            .map(|port| {
                let group = group.clone();
                tokio::spawn(async move {
                    group.add_rule(&spec(&format!("tcp_{port}_10.0.0.0/8")), &go()).await.unwrap();
                })
            })
            .collect();
        for add in adds {
            add.await.unwrap();
        }
        assert_eq!(fake.world().group("sg-x").ingress.len(), 10);
        assert_eq!(fake.calls(CREATE), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn stale_write_is_compiled_again() {
        let on_top = |world: &mut World| {
            let group = world.group("sg-x");
            group.ingress.insert(0, held("tcp_99_10.0.0.0/8"));
            group.version += 1;
        };
        let (fake, group) = group(&["tcp_1_10.0.0.0/8", "tcp_2_10.0.0.0/8"]);
        fail(&fake, DELETE, &[Fault::After(on_top)]);
        group.remove_rule(&spec("tcp_2_10.0.0.0/8"), &go()).await.unwrap();
        check(&fake, &["tcp_99_10.0.0.0/8", "tcp_1_10.0.0.0/8"]);

        let the_same = |world: &mut World| {
            let group = world.group("sg-x");
            group.ingress.push(held("tcp_3_10.0.0.0/8"));
            group.version += 1;
        };
        fail(&fake, CREATE, &[Fault::After(the_same)]);
        let error = group.add_rule(&spec("tcp_3_10.0.0.0/8"), &go()).await.unwrap_err();
        assert!(matches!(error, Error::RuleExists(_)), "{error}");

        fail(&fake, CREATE, &[Fault::Code("UnsupportedOperation.VersionMismatch"); 9]);
        group.add_rule(&spec("tcp_4_10.0.0.0/8"), &go()).await.unwrap();
        fail(&fake, CREATE, &[Fault::Code("UnsupportedOperation.VersionMismatch"); 99]);
        let error = group.add_rule(&spec("tcp_5_10.0.0.0/8"), &go()).await.unwrap_err();
        assert!(matches!(error, Error::ConflictRetriesExhausted { .. }), "{error}");
        assert!(fake.calls(CREATE) > 11 + 2 * WRITE_RETRY.times.unwrap(), "{}", fake.calls(CREATE));
    }

    #[tokio::test(start_paused = true)]
    async fn write_with_lost_response_is_settled_by_a_look() {
        let (fake, group) =
            group(&["tcp_1_10.0.0.0/8 a", "tcp_1_10.0.0.0/8 b", "tcp_2_10.0.0.0/8"]);
        fail(&fake, CREATE, &[Fault::Lost]);
        group.add_rule(&spec("tcp_3_10.0.0.0/8"), &go()).await.unwrap();
        fail(&fake, REPLACE, &[Fault::Lost]);
        group.edit_rule(&spec("tcp_2_10.0.0.0/8"), &spec("udp_2_10.0.0.0/8"), &go()).await.unwrap();
        fail(&fake, DELETE, &[Fault::Lost]);
        group.remove_rule(&spec("tcp_1_10.0.0.0/8 a"), &go()).await.unwrap();
        check(&fake, &["tcp_1_10.0.0.0/8 b", "udp_2_10.0.0.0/8", "tcp_3_10.0.0.0/8"]);
        let writes = [fake.calls(CREATE), fake.calls(REPLACE), fake.calls(DELETE)];
        assert_eq!(writes, [1, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_write_is_repeated() {
        let (fake, group) = group(&[]);
        fail(&fake, CREATE, &[Fault::Down, Fault::Code("InternalError")]);
        group.add_rule(&spec("tcp_3_10.0.0.0/8"), &go()).await.unwrap();
        check(&fake, &["tcp_3_10.0.0.0/8"]);
        assert_eq!(fake.calls(CREATE), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn repeated_remove_leaves_the_twin_alone() {
        let (fake, group) = group(&["tcp_1_10.0.0.0/8 redescribed meanwhile"]);
        fail(&fake, DELETE, &[Fault::Down]);
        group.remove_rule(&spec("tcp_1_10.0.0.0/8 as known"), &go()).await.unwrap();
        check(&fake, &[]);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_add_keeps_the_code_of_the_service() {
        let (fake, group) = group(&[]);
        for code in [
            "LimitExceeded.SecurityGroupPolicySet",
            "ResourceNotFound",
            "UnsupportedOperation.DuplicatePolicy",
        ] {
            fail(&fake, CREATE, &[Fault::Code(code)]);
            let error = group.add_rule(&spec("tcp_3_10.0.0.0/8"), &go()).await.unwrap_err();
            let Error::Cloud(source) = error else { panic!("{error}") };
            assert_eq!(source.code(), Some(code));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn missing_group_has_no_rules() {
        let (fake, group) = group(&[]);
        fake.world().groups.clear();
        let rule = spec("tcp_1_10.0.0.0/8");
        assert_eq!(track(&group, &rule, &go()).await.unwrap(), Tracked::Gone(Vec::new()));
        assert_eq!(group.find_rule(&rule.rule, &go()).await.unwrap(), None);
        group.remove_rule(&rule, &go()).await.unwrap();
        let error = group.add_rule(&rule, &go()).await.unwrap_err();
        insta::assert_snapshot!(error, @"security group sg-x does not exist");
    }

    #[tokio::test(start_paused = true)]
    async fn write_cancelled_in_flight_is_settled_by_a_look() {
        let (fake, group) = group(&[]);
        fail(&fake, CREATE, &[Fault::Lost]);
        let (cancel, rule) = (go(), spec("tcp_1_10.0.0.0/8"));
        let (added, ()) = tokio::join!(group.add_rule(&rule, &cancel), async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            cancel.cancel();
        });
        added.unwrap();
        assert_eq!(fake.world().log, [READ, CREATE, READ]);

        fail(&fake, DELETE, &[Fault::Down]);
        let cancel = go();
        let (removed, ()) = tokio::join!(group.remove_rule(&rule, &cancel), async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            cancel.cancel();
        });
        assert!(matches!(removed, Err(Error::Cloud(source)) if source.is_ambiguous()));
        assert_eq!(fake.world().log[3..], [READ, DELETE, READ]);

        let error = group.remove_rule(&rule, &cancel).await.unwrap_err();
        assert!(matches!(error, Error::Cloud(source) if source.is_cancelled()));
        assert_eq!(fake.world().log.len(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn edited_rule_is_tracked() {
        let (_fake, group) = group(&["tcp_8443_10.0.0.0/8 web", "tcp_22_10.0.0.0/8"]);
        let tracked = track(&group, &spec("tcp_443_10.0.0.0/8 web"), &go()).await.unwrap();
        let edited = Tracked::Drifted(spec("tcp_8443_10.0.0.0/8 web"), Difference::Traffic);
        assert_eq!(tracked, edited);
        // Asked again, the same owner gets the same answer; nobody else does.
        let tracked = track(&group, &spec("tcp_443_10.0.0.0/8 web"), &go()).await.unwrap();
        assert_eq!(tracked, edited);
        let tracked = track(&group, &spec("tcp_444_10.0.0.0/8 web"), &go()).await.unwrap();
        assert_eq!(tracked, Tracked::Gone(Vec::new()));

        let tracked = track(&group, &spec("tcp_22_10.0.0.0/8"), &go()).await.unwrap();
        assert_eq!(tracked, Tracked::Same(spec("tcp_22_10.0.0.0/8")));
        let tracked = track(&group, &spec("udp_22_10.9.0.0/16"), &go()).await.unwrap();
        assert_eq!(tracked, Tracked::Gone(Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn changed_description_is_no_other_rule() {
        let (_fake, group) = group(&["tcp_22_10.0.0.0/8 new"]);
        let tracked = track(&group, &spec("tcp_22_10.0.0.0/8 old"), &go()).await.unwrap();
        assert_eq!(tracked, Tracked::Same(spec("tcp_22_10.0.0.0/8 new")));
    }

    #[tokio::test(start_paused = true)]
    async fn former_neighbor_is_not_taken_for_an_edited_rule() {
        let (fake, group) = group(&["tcp_443_10.0.0.0/8", "tcp_22_10.0.0.0/8 theirs"]);
        let (known, cancel) = (spec("tcp_443_10.0.0.0/8"), go());
        let neighbors = group.neighbors_of(&known, &cancel).await.unwrap();
        let later = |fake: &Fake| fake.groups().at(group.region(), group.id());

        // Removed: the other one has been there all along.
        fake.world().group("sg-x").ingress = vec![held("tcp_22_10.0.0.0/8 theirs")];
        let tracked = later(&fake).track_rule(&known, &neighbors, &cancel).await.unwrap();
        assert_eq!(tracked, Tracked::Gone(Vec::new()));

        // Edited: of the two that are near, only one can be it.
        let edited = held("tcp_8443_10.0.0.0/8");
        fake.world().group("sg-x").ingress = vec![edited, held("tcp_22_10.0.0.0/8 theirs")];
        let tracked = later(&fake).track_rule(&known, &neighbors, &cancel).await.unwrap();
        assert_eq!(tracked, Tracked::Drifted(spec("tcp_8443_10.0.0.0/8"), Difference::Traffic));
    }

    #[tokio::test(start_paused = true)]
    async fn add_waits_for_an_equal_rule_to_be_removed() {
        let (fake, group) = group(&["tcp_1_10.0.0.0/8 old", "tcp_2_10.0.0.0/8"]);
        let (old, new) = (spec("tcp_1_10.0.0.0/8 old"), spec("tcp_1_10.0.0.0/8 new"));
        let (second, third) = (spec("tcp_2_10.0.0.0/8"), spec("tcp_3_10.0.0.0/8"));
        let cancel = go();
        let (behind, last, ahead) = tokio::join!(
            group.edit_rule(&second, &new, &cancel),
            group.add_rule(&second, &cancel),
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                group.edit_rule(&old, &third, &cancel).await
            },
        );
        for done in [behind, last, ahead] {
            done.unwrap();
        }
        check(&fake, &["tcp_3_10.0.0.0/8", "tcp_1_10.0.0.0/8 new", "tcp_2_10.0.0.0/8"]);
    }

    #[tokio::test(start_paused = true)]
    async fn edited_rule_with_several_candidates_counts_as_deleted() {
        let (_fake, group) = group(&["tcp_1_10.0.0.0/8", "tcp_2_10.0.0.0/8"]);
        let tracked = track(&group, &spec("tcp_3_10.0.0.0/8"), &go()).await.unwrap();
        let candidates = vec![spec("tcp_1_10.0.0.0/8"), spec("tcp_2_10.0.0.0/8")];
        assert_eq!(tracked, Tracked::Gone(candidates));
    }

    #[tokio::test(start_paused = true)]
    async fn missing_rule_does_not_take_the_rule_of_another() {
        let (_fake, group) = group(&["tcp_8443_10.0.0.0/8"]);
        let (missing, there) = (spec("tcp_443_10.0.0.0/8"), spec("tcp_8443_10.0.0.0/8"));
        let cancel = go();
        let (missing, same) = tokio::join!(track(&group, &missing, &cancel), async {
            tokio::time::sleep(CLAIM_DEBOUNCE / 2).await;
            track(&group, &there, &cancel).await
        });
        assert_eq!(missing.unwrap(), Tracked::Gone(Vec::new()));
        assert_eq!(same.unwrap(), Tracked::Same(there));
    }

    #[tokio::test(start_paused = true)]
    async fn no_rule_is_given_to_two_owners() {
        let (_fake, group) = group(&["tcp_8443_10.0.0.0/8"]);
        let (one, two) = (spec("tcp_443_10.0.0.0/8"), spec("tcp_444_10.0.0.0/8"));
        let cancel = go();
        let (one, two) = tokio::join!(track(&group, &one, &cancel), track(&group, &two, &cancel));
        assert!(matches!(one.unwrap(), Tracked::Drifted(..)));
        assert_eq!(two.unwrap(), Tracked::Gone(Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn nearest_rules_come_first() {
        let (fake, group) = group(&["udp_1_10.9.0.0/16", "tcp_2_10.0.0.0/8"]);
        fake.world()
            .group("sg-x")
            .egress
            .push(json!({ "CidrBlock": "10.0.0.0/8", "Action": "ACCEPT" }));
        let nearest = group.nearest_rules(&spec("tcp_1_10.0.0.0/8").rule, &go()).await.unwrap();
        assert_eq!(nearest, [spec("tcp_2_10.0.0.0/8"), spec("udp_1_10.9.0.0/16")]);
    }
}
