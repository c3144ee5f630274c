//! A managed resource between Terraform and its author.

use super::{Boxed, Component, Declaration, Typed, decode};
use crate::{Cx, Diagnostics, Field, Identity, Import, Model, Partial, Resource, Result, Value};

/// A resource whose Rust type is marked. Only the author's own code is behind these methods.
pub(crate) trait AnyResource<C>: Component {
    /// Lets the author's hook fill in a plan.
    fn plan(&self, planned: &Value, prior: &Value, client: Option<&C>) -> Result<HookOutcome>;

    /// What the author says the identity of an object in this state is.
    fn identity(&self, state: &Value) -> Option<Value>;

    /// One operation on one object. The answer is its state, or `None` when there is no object.
    fn run(&self, operation: Operation, cx: Cx<C>) -> Boxed<Result<Option<Value>>>;
}

/// What an author's hook answered, and what it would have answered had it done nothing.
pub(crate) struct HookOutcome {
    pub(crate) value: Value,
    pub(crate) untouched: Value,
    pub(crate) found: Diagnostics,
}

/// An operation on one object.
pub(crate) enum Operation {
    Create(Value),
    Read(Value),
    Update { prior: Value, planned: Value },
    Delete(Value),
    Import(Import<Value>),
}

impl<R: Resource> Typed<R> {
    pub(crate) fn resource() -> Self {
        let declaration = Declaration {
            version: R::VERSION,
            constraints: R::constraints(),
            upgrades: R::upgrades(),
            moves: R::moves(),
            identity: identity::<R>(),
            timeouts: R::timeouts(),
            ..Declaration::new(R::NAME, R::object())
        };
        Self::new(declaration, <R as Resource>::check)
    }
}

fn identity<R: Resource>() -> Option<Box<Declaration>> {
    let identity = Declaration {
        version: R::Identity::VERSION,
        upgrades: R::Identity::upgrades(),
        ..Declaration::new(R::NAME, R::Identity::object())
    };
    (!identity.object.attributes.is_empty()).then(|| Box::new(identity))
}

impl<R: Resource> AnyResource<R::Client> for Typed<R> {
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

fn merged<M: Model>(partial: &Partial<M>, over: &Value) -> Value {
    let mut value = over.clone();
    M::merge(partial, &mut value);
    value
}
