//! `kitchen_kinds`: an attribute of every kind.

use std::collections::{BTreeMap, BTreeSet};

use tf_provider::{
    Computed, Cx, Dynamic, Import, Model, NoIdentity, Number, Partial, Resource, Result,
};

use crate::store::Store;

/// An attribute of every kind; the service stores what it is told.
#[derive(Model, Clone, Debug, PartialEq)]
pub(crate) struct Kinds {
    /// Identifier assigned by the service.
    id: Computed<String>,
    /// A text.
    text: Option<String>,
    /// A truth.
    truth: Option<bool>,
    /// A whole number.
    whole: Option<i64>,
    /// A float.
    float: Option<f64>,
    /// A number of any size and precision.
    number: Option<Number>,
    /// Hidden by Terraform.
    #[tf(sensitive)]
    hidden: Option<String>,
    /// Texts in order.
    texts: Option<Vec<String>>,
    /// Texts without order.
    text_set: Option<BTreeSet<String>>,
    /// Numbers under keys.
    number_map: Option<BTreeMap<String, Number>>,
    /// Lists in a list.
    grid: Option<Vec<Vec<Number>>>,
    /// One object.
    single: Option<Part>,
    /// Objects in order.
    list: Option<Vec<Part>>,
    /// Objects under keys.
    map: Option<BTreeMap<String, Part>>,
    /// Objects without order.
    set: Option<BTreeSet<Element>>,
    /// Objects in order, planned as a whole: `list(object({…}))`.
    #[tf(plain)]
    flat: Option<Vec<Whole>>,
    /// A value of any type.
    anything: Option<Dynamic>,
    /// What the service has made of `texts`.
    #[tf(unknown_on_update)]
    amount: Computed<u64>,
    /// Objects that the service adds.
    #[tf(unknown_on_update)]
    found: Computed<Vec<Whole>>,
}

/// An object with attributes of its own.
#[derive(Model, Clone, Debug, PartialEq)]
pub(crate) struct Part {
    /// Its name.
    name: String,
    /// Its size.
    #[tf(default = 1)]
    size: u8,
    /// What else is to be said.
    note: Option<String>,
    /// Assigned by the service.
    key: Computed<String>,
    /// Objects inside the object.
    inner: Option<Vec<Element>>,
}

/// An object without anything that the service decides, as sets need it.
#[derive(Model, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Element {
    /// Its name.
    name: String,
    /// Its protocol.
    #[tf(default = "tcp")]
    protocol: String,
    /// Its port.
    port: Option<u16>,
}

/// An object that is planned as a whole, so it has no defaults.
#[derive(Model, Clone, Debug, PartialEq)]
pub(crate) struct Whole {
    /// Its name.
    name: String,
    /// Its port.
    port: Option<u16>,
}

impl Kinds {
    /// What the service makes of a wish.
    fn made(self, id: &str) -> Self {
        let texts = self.texts.as_deref().unwrap_or_default();
        let found = texts.iter().map(|text| Whole { name: text.clone(), port: None });
        Self {
            id: id.to_owned().into(),
            amount: (texts.len() as u64).into(),
            found: found.collect::<Vec<_>>().into(),
            single: self.single.map(|part| part.keyed("single")),
            list: self.list.map(|parts| parts.into_iter().map(Part::keyed_by_name).collect()),
            map: self.map.map(|parts| {
                parts.into_iter().map(|(key, part)| (key.clone(), part.keyed(&key))).collect()
            }),
            ..self
        }
    }
}

impl Part {
    fn keyed(self, by: &str) -> Self {
        Self { key: format!("key-{by}").into(), ..self }
    }

    fn keyed_by_name(self) -> Self {
        let name = self.name.clone();
        self.keyed(&name)
    }
}

impl Resource for Kinds {
    const NAME: &'static str = "kinds";
    type Client = Store;
    type Identity = NoIdentity;

    async fn create(self, cx: &Cx<Store>) -> Result<Self> {
        cx.client().insert(Self::NAME, |id| self.made(&id))
    }

    async fn read(self, cx: &Cx<Store>) -> Result<Option<Self>> {
        cx.client().find(self.id.get()?)
    }

    async fn update(self, prior: Self, cx: &Cx<Store>) -> Result<Self> {
        let id = prior.id.get()?;
        let made = self.made(id);
        cx.client().put(id, &made)?;
        Ok(made)
    }

    async fn delete(self, cx: &Cx<Store>) -> Result<()> {
        cx.client().remove(self.id.get()?)
    }

    /// The identifier is enough: Terraform reads the rest right after.
    async fn import(what: Import<NoIdentity>, cx: &Cx<Store>) -> Result<Option<Self>> {
        let Import::Id(id) = what;
        if cx.client().find::<Self>(&id)?.is_none() {
            return Ok(None);
        }
        let known = Partial::<Self> { id: id.into(), ..Default::default() };
        Ok(Some(Self::with_defaults(&known)?))
    }
}
