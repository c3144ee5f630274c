//! A small provider for this crate's own tests: things in memory, with faults on demand.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    Computed, ConfigureCx, Cx, DataSource, Diagnostic, Diagnostics, Import, Json, Maybe, Model,
    NoIdentity, Offer, Partial, Provider, Resource, Result, Text, Timeouts, Upgrade, WriteOnly,
    constraints::{Constraint, conflicts_with},
    resource::DefaultTimeouts,
    validate::length,
};

pub(crate) struct Sample;

/// Where the things are.
#[derive(Model, Clone, Debug)]
pub(crate) struct Config {
    /// How new things are called in front of their names.
    pub(crate) prefix: Option<String>,
}

/// A thing, with attributes of every kind.
#[derive(Model, Clone, Debug, PartialEq)]
pub(crate) struct Thing {
    /// Identifier assigned by the service.
    pub(crate) id: Computed<String>,
    /// Name of the thing; some names make the service misbehave.
    #[tf(validate = length(1..=60))]
    pub(crate) name: String,
    /// What it is for.
    #[tf(default = "none")]
    pub(crate) note: String,
    /// Where it is.
    #[tf(replace)]
    pub(crate) zone: Option<String>,
    /// What it talks to.
    pub(crate) peer: Option<Text<Ipv6Addr>>,
    /// What else it talks to.
    pub(crate) peers: Option<BTreeSet<Text<Ipv6Addr>>>,
    /// Its port.
    #[tf(optional)]
    pub(crate) port: Computed<u16>,
    /// Texts beside it.
    pub(crate) labels: Option<BTreeMap<String, String>>,
    /// Its doors, in order.
    pub(crate) doors: Option<Vec<Door>>,
    /// Never stored.
    pub(crate) secret: Option<WriteOnly<String>>,
    /// How often it was written.
    #[tf(volatile)]
    pub(crate) revision: Computed<u64>,
    /// Follows from the name.
    pub(crate) slug: Computed<String>,
    /// How long to wait.
    pub(crate) timeouts: Option<Timeouts>,
}

/// A way in.
#[derive(Model, Clone, Debug, PartialEq)]
pub(crate) struct Door {
    /// Its width.
    pub(crate) width: u8,
    /// Assigned by the service.
    pub(crate) key: Computed<String>,
}

/// What the service holds, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Store {
    things: Mutex<BTreeMap<String, Thing>>,
    pub(crate) secrets: Mutex<Vec<String>>,
}

impl Store {
    pub(crate) fn things(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Thing>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the service makes of a wish.
    fn put(&self, id: &str, wish: Thing) -> Thing {
        let mut things = self.things();
        let revision = things.get(id).and_then(|old| old.revision.ok().copied()).unwrap_or(0) + 1;
        let doors = wish.doors.map(|doors| {
            let keyed = doors.into_iter().enumerate();
            keyed.map(|(n, door)| Door { key: format!("key-{n}").into(), ..door }).collect()
        });
        let port = wish.port.ok().copied().unwrap_or(443);
        let thing = Thing {
            id: id.to_owned().into(),
            port: port.into(),
            revision: revision.into(),
            // The service has one spelling of its own.
            peer: wish.peer.map(|peer| Text::new(*peer)),
            peers: wish.peers.map(|peers| peers.into_iter().map(|p| Text::new(*p)).collect()),
            doors,
            ..wish
        };
        things.insert(id.to_owned(), thing.clone());
        thing
    }
}

impl Provider for Sample {
    const NAME: &'static str = "sample";
    type Config = Config;
    type Client = Store;

    async fn configure(config: Partial<Config>, cx: &ConfigureCx) -> Result<Store> {
        match config.prefix {
            Maybe::Known(prefix) if prefix == "panic" => panic!("told to"),
            Maybe::Known(prefix) if prefix == "error" => Err(Diagnostic::error("told to").into()),
            Maybe::Unknown => {
                cx.warn(Diagnostic::warning("not yet"));
                Ok(Store::default())
            }
            _ => Ok(Store::default()),
        }
    }

    fn offer() -> Offer<Store> {
        Offer::new().resource::<Thing>().data_source::<Lookup>()
    }
}

impl Resource for Thing {
    const NAME: &'static str = "thing";
    const VERSION: i64 = 2;
    type Client = Store;
    type Identity = NoIdentity;

    fn timeouts() -> DefaultTimeouts {
        DefaultTimeouts { read: Duration::from_secs(90), ..DefaultTimeouts::default() }
    }

    fn constraints() -> Vec<Constraint> {
        vec![conflicts_with("peer", &["peers"])]
    }

    fn check(config: &Partial<Self>) -> Diagnostics {
        match (config.zone.known(), config.port.known()) {
            (Some(zone), Some(22)) if zone == "public" => {
                Diagnostic::error("no port 22 in public").at("port").into()
            }
            (Some(zone), _) if zone == "panic" => panic!("told to"),
            _ => Diagnostics::new(),
        }
    }

    fn plan(plan: &mut Partial<Self>, _: Option<&Self>, _: Option<&Store>) -> Diagnostics {
        plan.slug = plan.name.as_ref().map(|name| name.to_lowercase());
        if plan.name.known().is_some_and(|name| name == "greedy") {
            plan.zone = Maybe::Known("elsewhere".to_owned());
            plan.port = Maybe::Known(1);
        }
        Diagnostics::new()
    }

    fn upgrades() -> Vec<Upgrade> {
        vec![rename_title, join_notes]
    }

    async fn create(self, cx: &Cx<Store>) -> Result<Self> {
        if let Some(secret) = self.secret.as_ref().and_then(WriteOnly::get) {
            let mut secrets = cx.client().secrets.lock().unwrap_or_else(PoisonError::into_inner);
            secrets.push(secret.clone());
        }
        let name = self.name.clone();
        misbehave(&name, "before", cx).await?;
        let id = format!("thing-{}", cx.client().things().len() + 1);
        let made = cx.client().put(&id, self);
        cx.save(&made);
        cx.set_private("made by", "sample");
        misbehave(&name, "after", cx).await?;
        Ok(made.answered(&name))
    }

    async fn read(self, cx: &Cx<Store>) -> Result<Option<Self>> {
        if self.note == "unreadable" {
            return Err(Diagnostic::error("not allowed to look").into());
        }
        let found = cx.client().things().get(self.id.get()?).cloned();
        Ok(found.map(|thing| Self { timeouts: self.timeouts, ..thing }))
    }

    async fn update(self, prior: Self, cx: &Cx<Store>) -> Result<Self> {
        let id = prior.id.get()?.clone();
        let name = self.name.clone();
        misbehave(&name, "before", cx).await?;
        if name == "half" {
            let half = cx.client().put(&id, Self { note: self.note, ..prior });
            cx.save(&half);
            return Err(Diagnostic::error("half done").into());
        }
        let made = cx.client().put(&id, self);
        misbehave(&name, "after", cx).await?;
        Ok(made.answered(&name))
    }

    async fn delete(self, cx: &Cx<Store>) -> Result<()> {
        misbehave(&self.note, "before", cx).await?;
        cx.client().things().remove(self.id.get()?);
        misbehave(&self.note, "after", cx).await
    }

    async fn import(what: Import<NoIdentity>, cx: &Cx<Store>) -> Result<Option<Self>> {
        let Import::Id(id) = what;
        Ok(cx.client().things().get(&id).cloned().map(|thing| Self {
            revision: Computed::unknown(),
            secret: Some("leak".to_owned().into()),
            ..thing
        }))
    }
}

impl Thing {
    /// What the service says it made.
    fn answered(self, name: &str) -> Self {
        match name {
            "shouting" => Self { note: self.note.to_uppercase(), ..self },
            "vague" => Self { revision: Computed::unknown(), ..self },
            _ => self,
        }
    }
}

/// `fail before`, `panic after` and so on; `wait` waits to be told to stop.
async fn misbehave(name: &str, when: &str, cx: &Cx<Store>) -> Result<()> {
    if name == format!("panic {when}") {
        panic!("told to");
    }
    if name == format!("fail {when}") {
        return Err(Diagnostic::error("told to fail").detail("It was asked for.").into());
    }
    if name == format!("wait {when}") {
        cx.cancelled().cancelled().await;
        return Err(Diagnostic::error("stopped").into());
    }
    Ok(())
}

fn rename_title(mut state: Json) -> Result<Json> {
    let title = state["title"].take();
    state["name"] = title;
    Ok(state)
}

fn join_notes(mut state: Json) -> Result<Json> {
    let Some(notes) = state["notes"].as_array() else {
        return Err(Diagnostic::error("notes are missing").into());
    };
    let notes: Vec<_> = notes.iter().filter_map(Json::as_str).collect();
    state["note"] = notes.join(" ").into();
    Ok(state)
}

/// Looks up a thing.
#[derive(Model, Clone, Debug)]
pub(crate) struct Lookup {
    /// Name of the thing.
    pub(crate) name: String,
    /// What it talks to.
    pub(crate) peer: Option<Text<Ipv6Addr>>,
    /// Identifier assigned by the service.
    pub(crate) id: Computed<String>,
}

impl DataSource for Lookup {
    const NAME: &'static str = "thing";
    type Client = Store;

    async fn read(self, cx: &Cx<Store>) -> Result<Self> {
        if self.name == "panic" {
            panic!("told to");
        }
        let things = cx.client().things();
        let found = things.values().find(|thing| thing.name == self.name).ok_or_else(|| {
            Diagnostic::error(format!("there is no thing named {}", self.name)).at("name")
        })?;
        let peer = self.peer.map(|peer| Text::new(*peer));
        Ok(Self { id: found.id.clone(), peer, ..self })
    }
}

#[test]
fn the_sample_breaks_no_rule() {
    assert_eq!(crate::problems::<Sample>(), Vec::<String>::new());
}
