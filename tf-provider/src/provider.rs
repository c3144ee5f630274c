//! A provider: its configuration, its client, and the list of everything it offers.

use std::{collections::BTreeSet, future::Future};

use crate::{
    Components, ConfigureCx, Constraint, Diagnostics, Model, Partial, Result, identity,
    lifecycle::{AnyComponent, Component, Declaration, Kind, Typed},
    schema::Attribute,
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
    fn components() -> Components<Self::Client>;
}

/// The provider block, which is configured like a component.
pub(crate) fn provider_block<P: Provider>() -> Typed<P::Config> {
    let declaration = Declaration::new(P::NAME, P::Config::object());
    Typed::new(declaration.with_constraints(P::constraints()), P::check)
}

/// Every rule of Terraform's schemas that the provider breaks, one sentence each.
///
/// Terraform does not check them, users would meet the damage. Every provider asserts in a unit test that
/// there are none: `assert_eq!(tf_provider::schema_errors::<MyProvider>(), Vec::<String>::new())`.
pub fn schema_errors<P: Provider>() -> Vec<String> {
    let components = P::components().0;
    let mut found = Problems { found: Vec::new(), seen: BTreeSet::new() };
    let block = provider_block::<P>();
    found.add::<P>(Kind::Provider, block.declaration(), Vec::new());
    let resources: Vec<_> = components
        .iter()
        .filter(|one| one.kind() == Kind::Resource)
        .map(AnyComponent::declaration)
        .collect();
    for component in &components {
        let declaration = component.declaration();
        let mut problems = Vec::new();
        match component {
            AnyComponent::ListResource(_)
                if !resources.iter().any(|resource| {
                    resource.name == declaration.name && resource.identity.is_some()
                }) =>
            {
                problems
                    .push("a list needs a resource of the same name with an identity".to_owned());
            }
            AnyComponent::Function(function) => problems = function.schema_errors(),
            _ => {}
        }
        found.add::<P>(component.kind(), declaration, problems);
    }
    found.found
}

struct Problems {
    found: Vec<String>,
    /// Every kind and name so far.
    seen: BTreeSet<(Kind, &'static str)>,
}

impl Problems {
    fn add<P: Provider>(&mut self, kind: Kind, declaration: &Declaration, own: Vec<String>) {
        let name = declaration.name;
        let full_name = kind.full_name(P::NAME, name);
        let mut all = match kind {
            Kind::Function => Vec::new(),
            Kind::Resource => schema_errors_in(declaration),
            Kind::DataSource | Kind::EphemeralResource => {
                [schema_errors_in(declaration), stored_nowhere(declaration)].concat()
            }
            Kind::Provider | Kind::ListResource | Kind::Action => {
                [schema_errors_in(declaration), only_configured(declaration)].concat()
            }
        };
        all.extend(own);
        if !full_name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_')) {
            all.push(
                "the name may contain only lowercase letters, digits and underscores".to_owned(),
            );
        }
        if !self.seen.insert((kind, name)) {
            all = vec!["it is declared twice".to_owned()];
        }
        let noun = kind.noun();
        self.found.extend(all.into_iter().map(|problem| format!("{noun} {full_name}: {problem}")));
    }
}

fn schema_errors_in(declaration: &Declaration) -> Vec<String> {
    let mut found = declaration.object.schema_errors();
    found.extend(
        declaration.constraints.iter().flat_map(|rule| rule.schema_errors(&declaration.object)),
    );
    found.extend(missing_upgrades("state", declaration));
    if let Some(identity) = &declaration.identity {
        let broken = identity::schema_errors(&identity.object);
        found.extend(broken.into_iter().map(|problem| format!("identity: {problem}")));
        found.extend(missing_upgrades("identity", identity));
    }
    found
}

/// Write-only is what would be stored otherwise.
fn stored_nowhere(declaration: &Declaration) -> Vec<String> {
    let write_only = declaration.object.places(|attribute| attribute.write_only);
    write_only
        .iter()
        .map(|at| format!("{at}: only a resource can have write-only attributes"))
        .collect()
}

fn only_configured(declaration: &Declaration) -> Vec<String> {
    let computed = declaration.object.places(Attribute::is_decided);
    let computed = computed.iter().map(|at| format!("{at}: an attribute here cannot be computed"));
    computed.chain(stored_nowhere(declaration)).collect()
}

fn missing_upgrades(of: &str, declaration: &Declaration) -> Option<String> {
    let Declaration { version, upgrades, .. } = declaration;
    let missing = usize::try_from(*version) != Ok(upgrades.len());
    missing.then(|| {
        format!("{of} version {version} needs as many upgrades, and there are {}", upgrades.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Action, Computed, Cx, DataSource, Ephemeral, Found, Function, Identity, Import, Lease,
        List, Resource, WriteOnly, constraints::exactly_one_of, testkit::All,
    };

    /// A resource that breaks rules.
    #[derive(Model)]
    struct Broken {
        /// Terraform has this name for itself.
        count: Option<i64>,
    }

    /// An identity that breaks rules.
    #[derive(Model)]
    struct BrokenId {
        /// Nobody could import by it.
        id: Computed<String>,
    }

    impl Identity for BrokenId {
        const VERSION: i64 = 2;
    }

    impl Resource for Broken {
        const NAME: &'static str = "Broken";
        const VERSION: i64 = 1;
        type Client = ();
        type Identity = BrokenId;

        fn constraints() -> Vec<Constraint> {
            vec![exactly_one_of(&["counts"])]
        }

        async fn create(self, _: &Cx<()>) -> Result<Self> {
            Ok(self)
        }

        async fn read(self, _: &Cx<()>) -> Result<Option<Self>> {
            Ok(None)
        }

        async fn update(self, _: Self, _: &Cx<()>) -> Result<Self> {
            Ok(self)
        }

        async fn delete(self, _: &Cx<()>) -> Result<()> {
            Ok(())
        }

        async fn import(_: Import<BrokenId>, _: &Cx<()>) -> Result<Option<Self>> {
            Ok(None)
        }
    }

    /// What is wrong for everything that is no resource.
    #[derive(Model)]
    struct Wrong {
        /// Nobody stores it.
        decided: Computed<String>,
        /// Nobody would store it anyway.
        secret: Option<WriteOnly<String>>,
        /// The same, one level below.
        parts: Option<Vec<WrongPart>>,
        /// Not for a function.
        #[tf(default = "x")]
        left_out: String,
        /// Nobody can repeat it.
        last: String,
    }

    /// What is wrong inside of that.
    #[derive(Model)]
    struct WrongPart {
        /// Nobody stores it.
        decided: Computed<String>,
        /// Nobody would store it anyway.
        secret: Option<WriteOnly<String>>,
        /// Right for all.
        #[tf(default = "x")]
        left_out: String,
    }

    impl Ephemeral for Wrong {
        const NAME: &'static str = "wrong";
        type Client = ();
        type Private = ();

        async fn open(self, _: &Cx<()>) -> Result<(Self, Lease<()>)> {
            Ok((self, Lease::default()))
        }
    }

    impl List for Wrong {
        type Resource = All;

        async fn list(self, _: &Found<All>, _: &Cx<()>) -> Result<()> {
            Ok(())
        }
    }

    impl Action for Wrong {
        const NAME: &'static str = "wrong";
        type Client = ();

        async fn invoke(self, _: &Cx<()>) -> Result<()> {
            Ok(())
        }
    }

    impl DataSource for Wrong {
        const NAME: &'static str = "wrong";
        type Client = ();

        async fn read(self, _: &Cx<()>) -> Result<Self> {
            Ok(self)
        }
    }

    impl Function for Wrong {
        const NAME: &'static str = "wrong";
        const VARIADIC: bool = true;
        type Output = String;

        fn call(self) -> Result<String> {
            Ok(self.last)
        }
    }

    struct Rules;

    impl Provider for Rules {
        const NAME: &'static str = "rules";
        const SOURCE: &'static str = "tests/rules";
        type Config = Wrong;
        type Client = ();

        async fn configure(_: Partial<Wrong>, _: &ConfigureCx) -> Result<()> {
            Ok(())
        }

        fn components() -> Components<()> {
            Components::new()
                .resource::<Broken>()
                .resource::<Broken>()
                .data_source::<Wrong>()
                .ephemeral::<Wrong>()
                .list::<Wrong>()
                .action::<Wrong>()
                .function::<Wrong>()
        }
    }

    #[test]
    fn a_broken_schema_is_found_by_the_provider_s_own_test() {
        insta::assert_snapshot!(schema_errors::<Rules>().join("\n"), @r"
        provider rules: decided: an attribute here cannot be computed
        provider rules: parts.decided: an attribute here cannot be computed
        provider rules: secret: only a resource can have write-only attributes
        provider rules: parts.secret: only a resource can have write-only attributes
        resource rules_Broken: count: this name is reserved
        resource rules_Broken: a constraint names `counts`, which is not an attribute
        resource rules_Broken: state version 1 needs as many upgrades, and there are 0
        resource rules_Broken: identity: id: an attribute of an identity must be required or optional
        resource rules_Broken: identity version 2 needs as many upgrades, and there are 0
        resource rules_Broken: the name may contain only lowercase letters, digits and underscores
        resource rules_Broken: it is declared twice
        data source rules_wrong: secret: only a resource can have write-only attributes
        data source rules_wrong: parts.secret: only a resource can have write-only attributes
        ephemeral resource rules_wrong: secret: only a resource can have write-only attributes
        ephemeral resource rules_wrong: parts.secret: only a resource can have write-only attributes
        list resource rules_all: decided: an attribute here cannot be computed
        list resource rules_all: parts.decided: an attribute here cannot be computed
        list resource rules_all: secret: only a resource can have write-only attributes
        list resource rules_all: parts.secret: only a resource can have write-only attributes
        list resource rules_all: a list needs a resource of the same name with an identity
        action rules_wrong: decided: an attribute here cannot be computed
        action rules_wrong: parts.decided: an attribute here cannot be computed
        action rules_wrong: secret: only a resource can have write-only attributes
        action rules_wrong: parts.secret: only a resource can have write-only attributes
        function wrong: decided: a parameter cannot be computed or write-only
        function wrong: secret: a parameter cannot be computed or write-only
        function wrong: parts.decided: a parameter cannot be computed or write-only
        function wrong: parts.secret: a parameter cannot be computed or write-only
        function wrong: left_out: a parameter cannot have a default
        function wrong: the last field of a variadic function is a `Vec`
        ");
    }
}
