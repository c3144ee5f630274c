//! A managed resource: what its author writes.

use std::{future::Future, time::Duration};

use crate::{Constraint, Cx, Diagnostics, Identity, Model, Move, Partial, Result, Upgrade};

/// A kind of object that Terraform creates, reads, updates and deletes.
///
/// The struct that implements it is one state of one object. The layer decodes it, calls a method and
/// encodes the answer; planning, semantic equality, panics, timeouts and partial state are its business.
///
/// What each method may count on:
///
/// - `create` and `update` get the planned state. A [`Computed`](crate::Computed) field that the service
///   decides is unknown there; fill it in the answer. Write-only fields hold what the user wrote.
/// - `read` gets the stored state and answers with what is there now, or `None` when the object is gone.
///   Not allowed to look, throttled, or an empty page is an error: "gone" makes Terraform create it anew.
/// - `delete` succeeds when the object is already gone.
/// - An error leaves in state what was saved with [`Cx::save`] during this call, else what was there before.
pub trait Resource: Model {
    /// Name of the resource type without the provider's name and underscore: `security_group`.
    const NAME: &'static str;
    /// Version of the state's shape; each step comes with an entry in [`upgrades`](Self::upgrades).
    const VERSION: i64 = 0;
    /// What the provider's `configure` made.
    type Client: Send + Sync + 'static;
    /// What tells one object from all others, besides its import id; [`NoIdentity`](crate::NoIdentity) if
    /// nothing does.
    type Identity: Identity;

    /// How long an operation may take when the user has set nothing.
    ///
    /// They apply to models with an attribute `timeouts: Option<Timeouts>`; others are not limited.
    fn timeouts() -> DefaultTimeouts {
        DefaultTimeouts::default()
    }

    /// Rules across attributes, from [`constraints`](crate::constraints).
    fn constraints() -> Vec<Constraint> {
        Vec::new()
    }

    /// Rules that need code. It runs without a client and while parts are still unknown.
    fn check(config: &Partial<Self>) -> Diagnostics {
        let _ = config;
        Diagnostics::default()
    }

    /// Fills in computed values that follow from the configuration.
    ///
    /// It must be a pure function of its arguments, since Terraform plans again during apply and compares.
    /// Only computed attributes that the user has not set may change; the layer takes back the rest.
    /// There is no client while the provider is not configured.
    fn plan(
        plan: &mut Partial<Self>,
        prior: Option<&Self>,
        client: Option<&Self::Client>,
    ) -> Diagnostics {
        let _ = (plan, prior, client);
        Diagnostics::default()
    }

    /// The identity of the object in this state, or `None` while a part of it is not known.
    ///
    /// It must be a pure function of the state. A resource with an identity has to say it here.
    fn identity(&self) -> Option<Self::Identity> {
        None
    }

    /// Entry `v` turns state of version `v` into state of version `v + 1`.
    fn upgrades() -> Vec<Upgrade> {
        Vec::new()
    }

    /// Resource types whose objects a `moved` block can turn into this one.
    ///
    /// The resource's own earlier versions need no entry: to move from them is to upgrade.
    fn moves() -> Vec<Move> {
        Vec::new()
    }

    /// Makes the planned object. Call [`Cx::save`] as soon as it exists.
    fn create(self, cx: &Cx<Self::Client>) -> impl Future<Output = Result<Self>> + Send;

    /// Looks up the object; `None` says that it is gone.
    fn read(self, cx: &Cx<Self::Client>) -> impl Future<Output = Result<Option<Self>>> + Send;

    /// Turns `prior` into `self`.
    fn update(
        self,
        prior: Self,
        cx: &Cx<Self::Client>,
    ) -> impl Future<Output = Result<Self>> + Send;

    /// Removes the object, or finds it gone.
    fn delete(self, cx: &Cx<Self::Client>) -> impl Future<Output = Result<()>> + Send;

    /// Finds the object that an import names, or `None`.
    ///
    /// Fields that `read` fills may be left [`Computed::unknown`](crate::Computed::unknown): Terraform
    /// reads the object right after. Attributes that the user can set are better set here.
    fn import(
        what: Import<Self::Identity>,
        cx: &Cx<Self::Client>,
    ) -> impl Future<Output = Result<Option<Self>>> + Send;
}

/// What an import names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Import<I> {
    /// The id of `terraform import` or of an import block.
    Id(String),
    /// The identity of an import block.
    Identity(I),
}

/// How long each operation may take unless the user says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultTimeouts {
    /// Limit of `create`.
    pub create: Duration,
    /// Limit of `read` and of `import`.
    pub read: Duration,
    /// Limit of `update`.
    pub update: Duration,
    /// Limit of `delete`.
    pub delete: Duration,
}

impl Default for DefaultTimeouts {
    /// Twenty minutes each.
    fn default() -> Self {
        let limit = Duration::from_mins(20);
        Self { create: limit, read: limit, update: limit, delete: limit }
    }
}
