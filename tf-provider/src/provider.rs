//! A provider: its configuration, its client, and the list of everything it offers.

use std::{
    any::type_name, collections::BTreeSet, fmt, future::Future, process::ExitCode, sync::Arc,
};

use crate::{
    ConfigureCx, Constraint, DataSource, Diagnostics, Model, Partial, Resource, Result,
    lifecycle::{AnyDataSource, AnyResource, Typed},
    protocol::service::Service,
    serve::{self, Stop},
};

/// One provider.
pub trait Provider: Send + Sync + 'static {
    /// Name of the provider. Its types are called `<NAME>_<their name>`.
    const NAME: &'static str;
    /// Where users find it, as in `required_providers`: `namespace/name`.
    const SOURCE: &'static str;
    /// The `provider` block.
    type Config: Model;
    /// What resources and data sources work with.
    type Client: Send + Sync + 'static;

    /// Rules across attributes, from [`constraints`](crate::constraints).
    fn constraints() -> Vec<Constraint> {
        Vec::new()
    }

    /// Rules that need code. It runs while parts are still unknown.
    fn check(config: &Partial<Self::Config>) -> Diagnostics {
        let _ = config;
        Diagnostics::default()
    }

    /// Makes the client.
    ///
    /// During plan the configuration may hold values that are not known yet, those of a cluster made in
    /// the same run for instance. That is legal: the client remembers it and fails the calls that need them.
    fn configure(
        config: Partial<Self::Config>,
        cx: &ConfigureCx,
    ) -> impl Future<Output = Result<Self::Client>> + Send;

    /// Everything there is, in alphabetical order.
    fn offer() -> Offer<Self::Client>;
}

/// What a provider offers.
pub struct Offer<C> {
    pub(crate) resources: Vec<Arc<dyn AnyResource<C>>>,
    pub(crate) data_sources: Vec<Arc<dyn AnyDataSource<C>>>,
}

impl<C: Send + Sync + 'static> Offer<C> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { resources: Vec::new(), data_sources: Vec::new() }
    }

    /// Adds a managed resource.
    #[must_use]
    pub fn resource<R: Resource<Client = C>>(mut self) -> Self {
        self.resources.push(Arc::new(Typed::<R>::resource()));
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source<D: DataSource<Client = C>>(mut self) -> Self {
        self.data_sources.push(Arc::new(Typed::<D>::data_source()));
        self
    }
}

impl<C: Send + Sync + 'static> Default for Offer<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> fmt::Debug for Offer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resources: Vec<_> = self.resources.iter().map(|r| r.declared().name).collect();
        let data_sources: Vec<_> = self.data_sources.iter().map(|d| d.declared().name).collect();
        f.debug_struct("Offer")
            .field("resources", &resources)
            .field("data_sources", &data_sources)
            .finish()
    }
}

/// Runs the process of a provider from its first line to its last: the whole of `main`.
pub fn serve<P: Provider>() -> ExitCode {
    let stop = Stop::default();
    // Events of the author's own crate are logged beside ours.
    let crate_name = type_name::<P>().split("::").next().unwrap_or_default();
    let origin = serve::Origin { source: P::SOURCE, crate_name };
    serve::run(origin, Service::<P>::new(stop.clone()), stop)
}

/// Every rule of Terraform's schemas that the provider breaks, one sentence each.
///
/// Terraform does not check them, users would meet the damage. Every provider asserts in a unit test that
/// there are none: `assert_eq!(tf_provider::problems::<MyProvider>(), Vec::<String>::new())`.
pub fn problems<P: Provider>() -> Vec<String> {
    let offer = P::offer();
    let mut found = within("provider", P::Config::object().problems());
    let mut names = BTreeSet::new();
    for resource in &offer.resources {
        let declared = resource.declared();
        let address = format!("resource {}_{}", P::NAME, declared.name);
        found.extend(within(&address, declared.object.problems()));
        if usize::try_from(declared.version) != Ok(declared.upgrades.len()) {
            found.push(format!(
                "{address}: state version {} needs as many upgrades, there are {}",
                declared.version,
                declared.upgrades.len(),
            ));
        }
        if !names.insert(address.clone()) {
            found.push(format!("{address}: offered twice"));
        }
    }
    for data_source in &offer.data_sources {
        let declared = data_source.declared();
        let address = format!("data source {}_{}", P::NAME, declared.name);
        found.extend(within(&address, declared.object.problems()));
        if !names.insert(address.clone()) {
            found.push(format!("{address}: offered twice"));
        }
    }
    found
}

fn within(address: &str, problems: Vec<String>) -> Vec<String> {
    problems.into_iter().map(|problem| format!("{address}: {problem}")).collect()
}
