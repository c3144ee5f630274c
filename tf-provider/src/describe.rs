//! A provider as data: what pages and tests of the public contract are made of.

pub use crate::lifecycle::{
    Kind,
    function::{Parameter, Signature},
};
use crate::{
    Constraint, DefaultTimeouts, Provider,
    lifecycle::{AnyComponent, Component, Declaration},
    provider::provider_block,
    schema::Object,
};

/// What a provider says of one component, or of its own block.
#[derive(Clone, Debug)]
pub struct Description {
    /// What it is.
    pub kind: Kind,
    /// Its name without the provider's: `security_group`.
    pub name: &'static str,
    /// The name that configurations use: `tke_security_group`.
    pub full_name: String,
    /// Its attributes. Those of a function are its parameters.
    pub object: Object,
    /// The rules across its attributes.
    pub constraints: Vec<Constraint>,
    /// The attributes of the identity, of a resource that has one.
    pub identity: Option<Object>,
    /// How long its operations may take.
    pub timeouts: DefaultTimeouts,
    /// How it is called, of a function.
    pub signature: Option<Signature>,
}

/// The provider block, then each component, in the order of [`Provider::components`].
pub fn describe<P: Provider>() -> Vec<Description> {
    let components = P::components();
    let block = description(P::NAME, Kind::Provider, provider_block::<P>().declaration(), None);
    let each = components.0.iter().map(|one| {
        let signature = match one {
            AnyComponent::Function(function) => Some(&function.signature),
            _ => None,
        };
        description(P::NAME, one.kind(), one.declaration(), signature)
    });
    std::iter::once(block).chain(each).collect()
}

fn description(
    provider: &str,
    kind: Kind,
    declaration: &Declaration,
    signature: Option<&Signature>,
) -> Description {
    Description {
        kind,
        name: declaration.name,
        full_name: kind.full_name(provider, declaration.name),
        object: declaration.object.clone(),
        constraints: declaration.constraints.clone(),
        identity: declaration.identity.as_ref().map(|identity| identity.object.clone()),
        timeouts: declaration.timeouts,
        signature: signature.cloned(),
    }
}
