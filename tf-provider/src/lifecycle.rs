//! What Terraform asks of a provider, one RPC to a file, in terms of values and schemas.
//!
//! Nothing here knows the wire or a Rust type of an author. Every rule of Terraform's that a provider could
//! break is kept in one of these files, for every resource at once, and tested at its foot.

pub(crate) mod action;
pub(crate) mod apply;
pub(crate) mod configure;
pub(crate) mod data_source;
pub(crate) mod ephemeral;
pub(crate) mod function;
pub(crate) mod generate;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod moved;
mod operation;
pub(crate) mod plan;
pub(crate) mod read;
mod semantic_equality;
mod traverse;
mod unknowns;
pub(crate) mod upgrade;
pub(crate) mod validate;

use std::{future::Future, marker::PhantomData, pin::Pin};

pub(crate) use self::operation::{OperationEnv, catch_panic};
use self::plan::HookOutcome;
use crate::{
    Constraint, Cx, DataSource, DefaultTimeouts, Diagnostics, Field, Identity, Import, Model, Move,
    Partial, Resource, Result, Upgrade, Value, schema::Object, value::Type,
};

/// What an author declares once, as data.
pub(crate) struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) version: i64,
    pub(crate) object: Object,
    /// The object's type, made once.
    pub(crate) ty: Type,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) upgrades: Vec<Upgrade>,
    pub(crate) moves: Vec<Move>,
    /// The identity of a resource that has one.
    pub(crate) identity: Option<Box<Self>>,
    pub(crate) timeouts: DefaultTimeouts,
}

impl Declaration {
    fn resource<R: Resource>() -> Self {
        Self {
            version: R::VERSION,
            constraints: R::constraints(),
            upgrades: R::upgrades(),
            moves: R::moves(),
            identity: Self::identity::<R>(),
            timeouts: R::timeouts(),
            ..Self::new(R::NAME, R::object())
        }
    }

    fn identity<R: Resource>() -> Option<Box<Self>> {
        let object = R::Identity::object();
        let identity = Self {
            version: R::Identity::VERSION,
            upgrades: R::Identity::upgrades(),
            ..Self::new(R::NAME, object)
        };
        (!identity.object.attributes.is_empty()).then(|| Box::new(identity))
    }

    fn data_source<D: DataSource>() -> Self {
        Self { constraints: D::constraints(), ..Self::new(D::NAME, D::object()) }
    }

    pub(crate) fn new(name: &'static str, object: Object) -> Self {
        Self {
            name,
            version: 0,
            ty: object.ty(),
            object,
            constraints: Vec::new(),
            upgrades: Vec::new(),
            moves: Vec::new(),
            identity: None,
            timeouts: DefaultTimeouts::default(),
        }
    }
}

/// A resource whose Rust type is marked. Only the author's own code is behind these methods.
pub(crate) trait AnyResource<C>: Send + Sync {
    fn declaration(&self) -> &Declaration;

    /// Decodes what is known of a configuration and runs the author's check on it.
    fn check(&self, config: &Value) -> Diagnostics;

    /// Lets the author's hook fill in a plan.
    fn plan(&self, planned: &Value, prior: &Value, client: Option<&C>) -> Result<HookOutcome>;

    /// What the author says the identity of an object in this state is.
    fn identity(&self, state: &Value) -> Option<Value>;

    /// One operation on one object. The answer is its state, or `None` when there is no object.
    fn run(&self, operation: Operation, cx: Cx<C>) -> Boxed<Result<Option<Value>>>;
}

/// A data source whose Rust type is marked.
pub(crate) trait AnyDataSource<C>: Send + Sync {
    fn declaration(&self) -> &Declaration;

    /// Decodes what is known of a configuration and runs the author's check on it.
    fn check(&self, config: &Value) -> Diagnostics;

    /// Reads it.
    fn read(&self, config: Value, cx: Cx<C>) -> Boxed<Result<Value>>;
}

/// An operation on one object.
pub(crate) enum Operation {
    Create(Value),
    Read(Value),
    Update { prior: Value, planned: Value },
    Delete(Value),
    Import(Import<Value>),
}

/// A future that a task can run.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An author's type behind [`AnyResource`], [`AnyDataSource`] and the others.
pub(crate) struct Typed<T> {
    declared: Declaration,
    author: PhantomData<fn() -> T>,
}

impl<T> Typed<T> {
    fn of(declared: Declaration) -> Self {
        Self { declared, author: PhantomData }
    }
}

impl<R: Resource> Typed<R> {
    pub(crate) fn resource() -> Self {
        Self::of(Declaration::resource::<R>())
    }
}

impl<D: DataSource> Typed<D> {
    pub(crate) fn data_source() -> Self {
        Self::of(Declaration::data_source::<D>())
    }
}

impl<R: Resource> AnyResource<R::Client> for Typed<R> {
    fn declaration(&self) -> &Declaration {
        &self.declared
    }

    fn check(&self, config: &Value) -> Diagnostics {
        R::partial(config).map_or_else(|errors| errors, |config| <R as Resource>::check(&config))
    }

    fn plan(
        &self,
        planned: &Value,
        prior: &Value,
        client: Option<&R::Client>,
    ) -> Result<HookOutcome> {
        let mut plan = R::partial(planned)?;
        let prior = if prior.is_null() { None } else { Some(decode::<R>(prior.clone())?) };
        let untouched = merged::<R>(&plan, planned);
        let found = R::plan(&mut plan, prior.as_ref(), client);
        Ok(HookOutcome { value: merged::<R>(&plan, planned), untouched, found })
    }

    fn identity(&self, state: &Value) -> Option<Value> {
        // A state that is not known well enough to be decoded has no identity yet.
        let identity = R::decode(state.clone()).ok()?.identity()?;
        Some(Field::encode(&identity))
    }

    fn run(&self, operation: Operation, cx: Cx<R::Client>) -> Boxed<Result<Option<Value>>> {
        Box::pin(async move {
            let state = match operation {
                Operation::Create(planned) => Some(decode::<R>(planned)?.create(&cx).await?),
                Operation::Read(state) => decode::<R>(state)?.read(&cx).await?,
                Operation::Update { prior, planned } => {
                    Some(decode::<R>(planned)?.update(decode(prior)?, &cx).await?)
                }
                Operation::Delete(prior) => {
                    decode::<R>(prior)?.delete(&cx).await?;
                    None
                }
                Operation::Import(Import::Id(id)) => R::import(Import::Id(id), &cx).await?,
                Operation::Import(Import::Identity(identity)) => {
                    R::import(Import::Identity(decode(identity)?), &cx).await?
                }
            };
            Ok(state.map(|state| state.encode()))
        })
    }
}

impl<D: DataSource> AnyDataSource<D::Client> for Typed<D> {
    fn declaration(&self) -> &Declaration {
        &self.declared
    }

    fn check(&self, config: &Value) -> Diagnostics {
        D::partial(config).map_or_else(|errors| errors, |config| <D as DataSource>::check(&config))
    }

    fn read(&self, config: Value, cx: Cx<D::Client>) -> Boxed<Result<Value>> {
        Box::pin(async move { Ok(decode::<D>(config)?.read(&cx).await?.encode()) })
    }
}

fn decode<M: Model>(value: Value) -> Result<M> {
    Ok(M::decode(value)?)
}

fn merged<M: Model>(partial: &Partial<M>, over: &Value) -> Value {
    let mut value = over.clone();
    M::merge(partial, &mut value);
    value
}
