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
pub(crate) mod resource;
mod semantic_equality;
mod traverse;
mod unknowns;
pub(crate) mod upgrade;
pub(crate) mod validate;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

pub(crate) use self::operation::{OperationEnv, catch_panic};
use self::{
    action::AnyAction, data_source::AnyDataSource, ephemeral::AnyEphemeral, function::Callable,
    list::AnyList, resource::AnyResource,
};
use crate::{
    Action, Constraint, DataSource, DefaultTimeouts, Diagnostics, Ephemeral, Function, List, Model,
    Move, Partial, Resource, Result, Upgrade, Value, schema::Object, value::Type,
};

/// What a provider offers. A new kind of component has its entries here.
pub struct Components<C>(pub(crate) Vec<AnyComponent<C>>);

impl<C: Send + Sync + 'static> Components<C> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a managed resource.
    #[must_use]
    pub fn resource<R: Resource<Client = C>>(self) -> Self {
        self.with(AnyComponent::Resource(Arc::new(Typed::<R>::resource())))
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source<D: DataSource<Client = C>>(self) -> Self {
        self.with(AnyComponent::DataSource(Arc::new(Typed::<D>::data_source())))
    }

    /// Adds an ephemeral resource.
    #[must_use]
    pub fn ephemeral<E: Ephemeral<Client = C>>(self) -> Self {
        self.with(AnyComponent::EphemeralResource(Arc::new(Typed::<E>::ephemeral())))
    }

    /// Adds a list of the objects of a resource.
    #[must_use]
    pub fn list<L: List<Resource: Resource<Client = C>>>(self) -> Self {
        self.with(AnyComponent::ListResource(Arc::new(Typed::<L>::list())))
    }

    /// Adds an action.
    #[must_use]
    pub fn action<A: Action<Client = C>>(self) -> Self {
        self.with(AnyComponent::Action(Arc::new(Typed::<A>::action())))
    }

    /// Adds a function.
    #[must_use]
    pub fn function<F: Function>(self) -> Self {
        self.with(AnyComponent::Function(Arc::new(Callable::of::<F>())))
    }

    fn with(mut self, component: AnyComponent<C>) -> Self {
        self.0.push(component);
        self
    }
}

impl<C: Send + Sync + 'static> Default for Components<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> fmt::Debug for Components<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|one| (one.kind(), one.declaration().name));
        f.debug_list().entries(names).finish()
    }
}

/// A component whose Rust type is forgotten.
pub(crate) enum AnyComponent<C> {
    Resource(Arc<dyn AnyResource<C>>),
    DataSource(Arc<dyn AnyDataSource<C>>),
    EphemeralResource(Arc<dyn AnyEphemeral<C>>),
    ListResource(Arc<dyn AnyList<C>>),
    Action(Arc<dyn AnyAction<C>>),
    Function(Arc<Callable>),
}

impl<C> AnyComponent<C> {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Resource(_) => Kind::Resource,
            Self::DataSource(_) => Kind::DataSource,
            Self::EphemeralResource(_) => Kind::EphemeralResource,
            Self::ListResource(_) => Kind::ListResource,
            Self::Action(_) => Kind::Action,
            Self::Function(_) => Kind::Function,
        }
    }

    pub(crate) fn declaration(&self) -> &Declaration {
        match self {
            Self::Resource(one) => one.declaration(),
            Self::DataSource(one) => one.declaration(),
            Self::EphemeralResource(one) => one.declaration(),
            Self::ListResource(one) => one.declaration(),
            Self::Action(one) => one.declaration(),
            Self::Function(one) => &one.declaration,
        }
    }
}

/// A kind of component, and the provider block itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The provider block.
    Provider,
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// An ephemeral resource.
    EphemeralResource,
    /// A list of the objects of a resource.
    ListResource,
    /// An action.
    Action,
    /// A function.
    Function,
}

impl Kind {
    /// What Terraform calls it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Resource => "resource",
            Self::DataSource => "data source",
            Self::EphemeralResource => "ephemeral resource",
            Self::ListResource => "list resource",
            Self::Action => "action",
            Self::Function => "function",
        }
    }

    /// The name that configurations use.
    pub(crate) fn full_name(self, provider: &str, name: &str) -> String {
        match self {
            Self::Provider | Self::Function => name.to_owned(),
            _ => format!("{provider}_{name}"),
        }
    }
}

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

    pub(crate) fn with_constraints(self, constraints: Vec<Constraint>) -> Self {
        Self { constraints, ..self }
    }
}

/// What all have in common that are configured.
pub(crate) trait Component: Send + Sync {
    fn declaration(&self) -> &Declaration;

    /// Decodes what is known of a configuration and runs the author's check on it.
    fn check(&self, config: &Value) -> Diagnostics;
}

/// An author's type behind [`Component`], [`AnyResource`] and the others.
pub(crate) struct Typed<T: Model> {
    declaration: Declaration,
    check: fn(&Partial<T>) -> Diagnostics,
}

impl<T: Model> Typed<T> {
    pub(crate) fn new(declaration: Declaration, check: fn(&Partial<T>) -> Diagnostics) -> Self {
        Self { declaration, check }
    }
}

impl<T: Model> Component for Typed<T> {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn check(&self, config: &Value) -> Diagnostics {
        T::partial(config).map_or_else(|errors| errors, |config| (self.check)(&config))
    }
}

/// A future that a task can run.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn decode<M: Model>(value: Value) -> Result<M> {
    Ok(M::decode(value)?)
}
