//! `kitchen_thing`: everything that a life can depend on.

use std::net::Ipv6Addr;

use secrecy::{ExposeSecret, SecretString};
use tf_provider::{
    Computed, Cx, Diagnostic, Diagnostics, Identity, Import, Json, Model, Move, Moved, Normalized,
    Partial, Resource, Result, Timeouts, Upgrade, WriteOnly,
    constraints::{Constraint, required_with},
    validate::length,
};

use crate::{
    fault::{Operation, When},
    functions::slug,
    store::Store,
};

/// A thing.
#[derive(Model, Clone, Debug)]
pub(crate) struct Thing {
    /// Identifier assigned by the service.
    id: Computed<String>,
    /// Its name.
    #[tf(validate = length(1..=60))]
    pub(crate) name: String,
    /// What it is for.
    #[tf(default = "none")]
    pub(crate) note: String,
    /// What it was for.
    #[tf(deprecated = "use `note`")]
    comment: Option<String>,
    /// Where it is. It cannot move.
    #[tf(requires_replace)]
    zone: Option<String>,
    /// Its address. The service has one spelling of its own.
    address: Option<Normalized<Ipv6Addr>>,
    /// Its port; the service chooses one where none is set.
    #[tf(optional)]
    pub(crate) port: Computed<u16>,
    /// Passed on and never stored.
    secret: Option<WriteOnly<SecretString>>,
    /// A new version sends the secret again.
    secret_version: Option<u64>,
    /// The length of the secret that the service got last.
    #[tf(unknown_on_update)]
    secret_length: Computed<u64>,
    /// Follows from the name.
    slug: Computed<String>,
    /// How often it was written, as the service counts.
    #[tf(unknown_on_update)]
    revision: Computed<u64>,
    /// How often it was written, as private state counts.
    #[tf(unknown_on_update)]
    counted: Computed<u64>,
    /// How long to wait.
    timeouts: Option<Timeouts>,
}

/// Which thing.
#[derive(Model, Clone, Debug)]
pub(crate) struct ThingId {
    /// Identifier assigned by the service.
    id: String,
}

impl Identity for ThingId {
    const VERSION: i64 = 1;

    fn upgrades() -> Vec<Upgrade> {
        vec![key_is_id]
    }
}

impl Resource for Thing {
    const NAME: &'static str = "thing";
    const VERSION: i64 = 2;
    type Client = Store;
    type Identity = ThingId;

    fn constraints() -> Vec<Constraint> {
        vec![required_with("secret", &["secret_version"])]
    }

    fn check(config: &Partial<Self>) -> Diagnostics {
        match (config.zone.known(), config.port.known()) {
            (Some(zone), Some(22)) if zone == "public" => {
                Diagnostic::error("no port 22 in public").at("port").into()
            }
            _ => Diagnostics::new(),
        }
    }

    fn plan(plan: &mut Partial<Self>, _: Option<&Self>, _: Option<&Store>) -> Diagnostics {
        plan.slug = plan.name.as_ref().map(|name| slug(name));
        Diagnostics::new()
    }

    fn identity(&self) -> Option<ThingId> {
        self.id.ok().map(|id| ThingId { id: id.clone() })
    }

    fn upgrades() -> Vec<Upgrade> {
        vec![title_is_name, notes_are_one]
    }

    fn moves() -> Vec<Move> {
        vec![Move::from("builtin/terraform", "terraform_data", input_is_thing)]
    }

    async fn create(self, cx: &Cx<Store>) -> Result<Self> {
        strike(When::Before, Operation::Create, cx).await?;
        let thing = self.sealed(cx);
        let made = cx.client().insert(Self::NAME, |id| thing.made(&id, 0))?;
        cx.save(&made);
        strike(When::After, Operation::Create, cx).await?;
        made.answered(Operation::Create, cx)
    }

    async fn read(self, cx: &Cx<Store>) -> Result<Option<Self>> {
        let found = cx.client().find::<Self>(self.id.get()?)?;
        Ok(found.map(|thing| Self {
            // The service knows nothing of these.
            counted: self.counted,
            timeouts: self.timeouts,
            ..thing
        }))
    }

    async fn update(self, prior: Self, cx: &Cx<Store>) -> Result<Self> {
        strike(When::Before, Operation::Update, cx).await?;
        let id = prior.id.get()?;
        let made = self.sealed(cx).made(id, prior.revision.ok().copied().unwrap_or(0));
        cx.client().put(id, &made)?;
        cx.save(&made);
        strike(When::After, Operation::Update, cx).await?;
        made.answered(Operation::Update, cx)
    }

    async fn delete(self, cx: &Cx<Store>) -> Result<()> {
        strike(When::Before, Operation::Delete, cx).await?;
        cx.client().remove(self.id.get()?)?;
        strike(When::After, Operation::Delete, cx).await
    }

    async fn import(what: Import<ThingId>, cx: &Cx<Store>) -> Result<Option<Self>> {
        let (Import::Id(id) | Import::Identity(ThingId { id })) = what;
        let found = cx.client().find::<Self>(&id)?;
        Ok(found.map(|thing| Self { timeouts: None, ..thing }))
    }
}

impl Thing {
    /// With a count that only private state knows.
    fn sealed(self, cx: &Cx<Store>) -> Self {
        let before: u64 = cx.private("count").and_then(|text| text.parse().ok()).unwrap_or(0);
        cx.set_private("count", (before + 1).to_string());
        Self { counted: (before + 1).into(), ..self }
    }

    /// What the service makes of a wish.
    fn made(self, id: &str, revision: u64) -> Self {
        let secret = self.secret.as_ref().and_then(WriteOnly::get);
        let secret_length = secret.map_or(0, |secret| secret.expose_secret().len() as u64);
        Self {
            id: id.to_owned().into(),
            port: self.port.ok().copied().unwrap_or(443).into(),
            address: self.address.map(|address| Normalized::new(*address)),
            slug: slug(&self.name).into(),
            secret_length: secret_length.into(),
            revision: (revision + 1).into(),
            ..self
        }
    }

    /// What the service says that it has made.
    fn answered(self, operation: Operation, cx: &Cx<Store>) -> Result<Self> {
        if !cx.client().fault.is_some_and(|fault| fault.changes(operation)) {
            return Ok(self);
        }
        let otherwise = Self { note: self.note.to_uppercase(), ..self };
        cx.client().put(otherwise.id.get()?, &otherwise)?;
        Ok(otherwise)
    }
}

async fn strike(when: When, operation: Operation, cx: &Cx<Store>) -> Result<()> {
    match cx.client().fault {
        Some(fault) => fault.strike(when, operation, cx).await,
        None => Ok(()),
    }
}

/// Somebody kept what is required of a thing as data; the read that follows finds the rest.
fn input_is_thing(mut moved: Moved) -> Result<Json> {
    // A value of any type is stored beside its type.
    match moved.state.pointer_mut("/input/value").map(Json::take) {
        Some(thing @ Json::Object(_)) => Ok(thing),
        _ => Err(Diagnostic::error("this data is no thing").into()),
    }
}

/// Version 0 called the name a title.
fn title_is_name(mut state: Json) -> Result<Json> {
    let state_object = object(&mut state)?;
    if let Some(title) = state_object.remove("title") {
        state_object.insert("name".to_owned(), title);
    }
    Ok(state)
}

/// Version 1 had several notes.
fn notes_are_one(mut state: Json) -> Result<Json> {
    let state_object = object(&mut state)?;
    if let Some(notes) = state_object.remove("notes") {
        let notes = notes.as_array().into_iter().flatten().filter_map(Json::as_str);
        let note = notes.collect::<Vec<_>>().join(" ");
        state_object.insert("note".to_owned(), note.into());
    }
    Ok(state)
}

/// Version 0 of the identity called the id a key.
fn key_is_id(mut identity: Json) -> Result<Json> {
    let attributes = object(&mut identity)?;
    if let Some(key) = attributes.remove("key") {
        attributes.insert("id".to_owned(), key);
    }
    Ok(identity)
}

fn object(state: &mut Json) -> Result<&mut serde_json::Map<String, Json>> {
    let not_one = || Diagnostic::error("what is stored is no object");
    Ok(state.as_object_mut().ok_or_else(not_one)?)
}
