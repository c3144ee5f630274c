//! A list of the objects that there are: what its author writes.

mod sink;

use std::{fmt, future::Future, marker::PhantomData};

pub(crate) use self::sink::{Item, Sink};
use crate::{Constraint, Cx, Diagnostic, Diagnostics, Field, Model, Partial, Resource, Result};

/// Finds the objects of a resource type, for `terraform query` and its generated imports.
///
/// The fields of the struct are what a user may ask for. Each object is known by its identity, so the
/// resource needs one.
///
/// ```
/// use tf_provider::{Cx, Found, List, Listed, Model, Result};
/// # use tf_provider::{Identity, Import, Resource};
/// # /// A machine.
/// # #[derive(Model)]
/// # struct Machine {
/// #     /// Its name.
/// #     name: String,
/// # }
/// # /// Which machine.
/// # #[derive(Model)]
/// # struct MachineId {
/// #     /// Its name.
/// #     name: String,
/// # }
/// # impl Identity for MachineId {}
/// # struct Farm;
/// # impl Farm {
/// #     async fn page(&self, prefix: &str, page: u32) -> Result<Vec<String>> { unimplemented!() }
/// # }
/// # impl Resource for Machine {
/// #     const NAME: &'static str = "machine";
/// #     type Client = Farm;
/// #     type Identity = MachineId;
/// #     async fn create(self, _: &Cx<Farm>) -> Result<Self> { Ok(self) }
/// #     async fn read(self, _: &Cx<Farm>) -> Result<Option<Self>> { Ok(Some(self)) }
/// #     async fn update(self, _: Self, _: &Cx<Farm>) -> Result<Self> { Ok(self) }
/// #     async fn delete(self, _: &Cx<Farm>) -> Result<()> { Ok(()) }
/// #     async fn import(_: Import<MachineId>, _: &Cx<Farm>) -> Result<Option<Self>> { Ok(None) }
/// # }
///
/// /// Lists machines.
/// #[derive(Model)]
/// struct Machines {
///     /// Only those whose names begin like this.
///     prefix: Option<String>,
/// }
///
/// impl List for Machines {
///     type Resource = Machine;
///
///     async fn list(self, found: &Found<Machine>, cx: &Cx<Farm>) -> Result<()> {
///         for page in 0.. {
///             let names = cx.client().page(self.prefix.as_deref().unwrap_or_default(), page).await?;
///             if names.is_empty() {
///                 break;
///             }
///             for name in names {
///                 found.add(Listed::object(name.clone(), &Machine { name })).await;
///             }
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait List: Model {
    /// What is listed. Users call the list by the same name.
    type Resource: Resource;

    /// Rules across attributes, from [`constraints`](crate::constraints).
    fn constraints() -> Vec<Constraint> {
        Vec::new()
    }

    /// Rules that need code. It runs without a client and while parts are still unknown.
    fn check(config: &Partial<Self>) -> Diagnostics {
        let _ = config;
        Diagnostics::default()
    }

    /// Adds one object after the other to what was found.
    fn list(
        self,
        found: &Found<Self::Resource>,
        cx: &Cx<<Self::Resource as Resource>::Client>,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Where a list puts what it finds.
pub struct Found<R> {
    sink: Sink,
    author: PhantomData<fn(R)>,
}

impl<R: Resource> Found<R> {
    pub(crate) fn new(sink: Sink) -> Self {
        Self { sink, author: PhantomData }
    }

    /// Whether the objects are wanted besides their identities.
    ///
    /// Where that takes another call for each, a list may leave it to the layer: it imports and reads those
    /// that are [known by identity alone](Listed::identity).
    pub fn wants_objects(&self) -> bool {
        self.sink.with_objects
    }

    /// Adds one.
    ///
    /// When the user has enough it does not return: the list ends right here.
    pub async fn add(&self, listed: Listed<R>) {
        self.sink.add(listed.item).await;
    }
}

impl<R> fmt::Debug for Found<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").finish_non_exhaustive()
    }
}

/// One object of a list.
pub struct Listed<R> {
    item: Item,
    author: PhantomData<fn(R)>,
}

impl<R: Resource> Listed<R> {
    /// The whole object, under the name that users see. Its identity is what the resource says.
    pub fn object(name: impl Into<String>, object: &R) -> Self {
        Self::of(Item { name: name.into(), object: Some(object.encode()), ..Item::default() })
    }

    /// An object of which this is known, under the name that users see.
    pub fn identity(name: impl Into<String>, identity: &R::Identity) -> Self {
        Self::of(Item { name: name.into(), identity: Some(identity.encode()), ..Item::default() })
    }

    /// Tells the user something about this object.
    #[must_use]
    pub fn warn(mut self, warning: Diagnostic) -> Self {
        self.item.diagnostics.push(warning);
        self
    }

    fn of(item: Item) -> Self {
        Self { item, author: PhantomData }
    }
}

impl<R> fmt::Debug for Listed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed").field("name", &self.item.name).finish_non_exhaustive()
    }
}
