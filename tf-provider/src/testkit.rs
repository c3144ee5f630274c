//! A small provider for this crate's own tests: things in memory, with faults on demand.

pub(crate) mod action;
mod all;
pub(crate) mod ephemeral;
pub(crate) mod function;
pub(crate) mod list;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;

pub(crate) use self::all::{All, Unknown, answer, any_config, resolved};
use crate::{
    Components, Computed, ConfigureCx, Cx, DataSource, Diagnostic, Diagnostics, Identity, Import,
    Json, Maybe, Model, Move, NoIdentity, Normalized, Partial, Provider, Resource, Result,
    Timeouts, Upgrade, Value, WriteOnly,
    constraints::{Constraint, conflicts_with},
    diagnostics::Until,
    lifecycle::OperationEnv,
    resource::DefaultTimeouts,
    schema::{Nesting, Object},
    stop::Stop,
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
    #[tf(requires_replace)]
    pub(crate) zone: Option<String>,
    /// What it talks to.
    pub(crate) peer: Option<Normalized<Ipv6Addr>>,
    /// What else it talks to.
    pub(crate) peers: Option<BTreeSet<Normalized<Ipv6Addr>>>,
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
    #[tf(unknown_on_update)]
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

/// What tells one thing from all others.
#[derive(Model, Clone, Debug, PartialEq)]
pub(crate) struct ThingId {
    /// Identifier assigned by the service.
    pub(crate) id: String,
    /// Name of the thing.
    pub(crate) name: Option<String>,
}

impl Identity for ThingId {
    const VERSION: i64 = 1;

    fn upgrades() -> Vec<Upgrade> {
        vec![rename_key]
    }
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
            peer: wish.peer.map(|peer| Normalized::new(*peer)),
            peers: wish.peers.map(|peers| peers.into_iter().map(|p| Normalized::new(*p)).collect()),
            doors,
            ..wish
        };
        things.insert(id.to_owned(), thing.clone());
        thing
    }
}

impl Provider for Sample {
    const NAME: &'static str = "sample";
    const SOURCE: &'static str = "tests/sample";
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

    fn components() -> Components<Store> {
        Components::new()
            .resource::<Plain>()
            .resource::<Thing>()
            .data_source::<Lookup>()
            .ephemeral::<ephemeral::Token>()
            .list::<list::Things>()
            .action::<action::Ring>()
            .function::<function::Join>()
            .function::<function::Meet>()
    }
}

impl Resource for Thing {
    const NAME: &'static str = "thing";
    const VERSION: i64 = 2;
    type Client = Store;
    type Identity = ThingId;

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
        if plan.zone.known().is_some_and(|zone| zone == "early") {
            return Diagnostic::error("the zone is not there yet")
                .until(Until::Prerequisite)
                .into();
        }
        plan.slug = plan.name.as_ref().map(|name| name.to_lowercase());
        if plan.name.known().is_some_and(|name| name == "greedy") {
            plan.zone = Maybe::Known("elsewhere".to_owned());
            plan.port = Maybe::Known(1);
        }
        Diagnostics::new()
    }

    fn identity(&self) -> Option<ThingId> {
        let id = self.id.ok()?.clone();
        assert_ne!(id, "panic", "told to");
        Some(ThingId { id, name: Some(self.name.clone()) })
    }

    fn upgrades() -> Vec<Upgrade> {
        vec![rename_title, join_notes]
    }

    fn moves() -> Vec<Move> {
        vec![Move::from("others/hosts", "hosts_thing", |moved| {
            assert!(moved.state.is_object(), "told to");
            let name = format!("{} of version {}", moved.state["title"], moved.version);
            let labels = moved.state["labels"].clone();
            Ok(json!({"id": moved.state["key"], "name": name, "labels": labels, "secret": "leak"}))
        })]
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
            cx.save(&prior);
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

    async fn import(what: Import<ThingId>, cx: &Cx<Store>) -> Result<Option<Self>> {
        let (id, name) = match what {
            Import::Id(id) => (id, None),
            Import::Identity(ThingId { id, name }) => (id, name),
        };
        let vague = name.is_some_and(|name| name == "vague");
        Ok(cx.client().things().get(&id).cloned().map(|thing| Self {
            id: if vague { Computed::unknown() } else { thing.id },
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
    match name.strip_suffix(when) {
        Some("panic ") => panic!("told to"),
        Some("fail ") => Err(Diagnostic::error("told to fail").detail("It was asked for.").into()),
        Some("wait ") => {
            cx.cancelled().cancelled().await;
            Err(Diagnostic::error("stopped").into())
        }
        _ => Ok(()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every step has this shape")]
fn rename_title(mut state: Json) -> Result<Json> {
    let title = state["title"].take();
    state["name"] = title;
    Ok(state)
}

#[expect(clippy::unnecessary_wraps, reason = "every step has this shape")]
fn rename_key(mut identity: Json) -> Result<Json> {
    let key = identity["key"].take();
    identity["id"] = key;
    Ok(identity)
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
    pub(crate) peer: Option<Normalized<Ipv6Addr>>,
    /// Identifier assigned by the service.
    pub(crate) id: Computed<String>,
}

impl DataSource for Lookup {
    const NAME: &'static str = "thing";
    type Client = Store;

    async fn read(self, cx: &Cx<Store>) -> Result<Self> {
        assert_ne!(self.name, "panic", "told to");
        if self.name == "early" {
            let early = Diagnostic::error("the zone is not there yet");
            return Err(early.until(Until::Prerequisite).into());
        }
        if self.name == "wait" {
            std::future::pending::<()>().await;
        }
        let things = cx.client().things();
        let found = things.values().find(|thing| thing.name == self.name).ok_or_else(|| {
            Diagnostic::error(format!("there is no thing named {}", self.name)).at("name")
        })?;
        let peer = self.peer.map(|peer| Normalized::new(*peer));
        Ok(Self { id: found.id.clone(), peer, ..self })
    }
}

/// A thing without anything to tell it by.
#[derive(Model, Clone, Debug)]
pub(crate) struct Plain {}

impl Resource for Plain {
    const NAME: &'static str = "plain";
    type Client = Store;
    type Identity = NoIdentity;

    async fn create(self, _: &Cx<Store>) -> Result<Self> {
        Ok(self)
    }

    async fn read(self, _: &Cx<Store>) -> Result<Option<Self>> {
        Ok(Some(self))
    }

    async fn update(self, _: Self, _: &Cx<Store>) -> Result<Self> {
        Ok(self)
    }

    async fn delete(self, _: &Cx<Store>) -> Result<()> {
        Ok(())
    }

    async fn import(_: Import<NoIdentity>, _: &Cx<Store>) -> Result<Option<Self>> {
        Ok(None)
    }
}

#[test]
fn sample_has_no_schema_errors() {
    assert_eq!(crate::schema_errors::<Sample>(), Vec::<String>::new());
}

/// A configured provider with nothing in its store.
pub(crate) fn env() -> OperationEnv<Store> {
    OperationEnv {
        client: Arc::default(),
        stop: Stop::default(),
        terraform_version: "1.11.4".into(),
    }
}

/// A thing as Terraform sends it, with every attribute.
pub(crate) fn thing(json: Json) -> Value {
    full(&Thing::object(), &value(json))
}

/// The same value with every attribute of its schema.
pub(crate) fn full(object: &Object, value: &Value) -> Value {
    let Value::Map(_) = value else { return value.clone() };
    Value::map(object.attributes.iter().map(|attribute| {
        let value = value.get(&attribute.name);
        let value = match (attribute.kind.objects(), value) {
            (Some((Nesting::Single, object)), value) => full(object, value),
            (Some((_, object)), Value::List(elements)) => {
                Value::list(elements.iter().map(|element| full(object, element)))
            }
            (Some((_, object)), Value::Map(entries)) => {
                Value::map(entries.iter().map(|(key, entry)| (key, full(object, entry))))
            }
            (_, value) => value.clone(),
        };
        (attribute.name.as_str(), value)
    }))
}

/// A value as JSON says it, with `"?"` for what is unknown.
pub(crate) fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::from(number.as_i64().unwrap()),
        Json::String(text) if text == "?" => Value::unknown(),
        Json::String(text) => Value::from(text),
        Json::Array(elements) => Value::list(elements.into_iter().map(value)),
        Json::Object(entries) => Value::map(entries.into_iter().map(|(k, v)| (k, value(v)))),
    }
}

/// The same the other way round, without what is null.
pub(crate) fn lean(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Unknown(_) => "?".into(),
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => number.to_string().parse::<i64>().unwrap().into(),
        Value::String(text) => text.as_str().into(),
        Value::List(elements) => elements.iter().map(lean).collect(),
        Value::Map(entries) => entries
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), lean(value)))
            .collect(),
        Value::Dynamic(inner) => lean(&inner.1),
    }
}
