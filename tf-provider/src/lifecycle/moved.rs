//! `MoveResourceState`: what another resource type has stored of an object in, state of this one out.

use super::{
    Declaration, catch_panic,
    upgrade::{conform, upgrade},
};
use crate::{Diagnostic, Json, Moved, Result, Value};

/// Where an object comes from.
pub(crate) struct MoveSource<'a> {
    /// `host/namespace/name`, or less of it.
    pub(crate) provider: &'a str,
    pub(crate) type_name: &'a str,
    /// Version of the shape of its state.
    pub(crate) version: i64,
}

impl MoveSource<'_> {
    /// Whether it is this type of the provider `namespace/name`.
    ///
    /// The host says which registry somebody uses, not which provider. `OpenTofu` before 1.12.4 sends the name
    /// alone.
    fn is(&self, provider: &str, type_name: &str) -> bool {
        let mut expected = provider.rsplit('/');
        let mut sent = self.provider.rsplit('/');
        self.type_name == type_name
            && sent.next() == expected.next()
            && sent.next().is_none_or(|namespace| expected.next() == Some(namespace))
    }
}

/// The resource that an object is to become.
pub(crate) struct Target<'a> {
    pub(crate) declaration: &'a Declaration,
    /// The provider, as `namespace/name`.
    pub(crate) provider: &'a str,
    pub(crate) type_name: &'a str,
}

impl Target<'_> {
    /// Whether it is already what it is to become. Some cores ask for a move where others ask for an upgrade.
    pub(crate) fn is(&self, source: &MoveSource<'_>) -> bool {
        source.is(self.provider, self.type_name)
    }

    /// Turns the stored state of the object into state of the resource.
    pub(crate) fn adopt(&self, source: &MoveSource<'_>, stored: Json) -> Result<Value> {
        let Self { declaration, type_name, .. } = self;
        if self.is(source) {
            return upgrade(declaration, "state", source.version, stored.to_string().as_bytes());
        }
        let known =
            declaration.moves.iter().find(|known| source.is(known.provider, known.type_name));
        let known = known.ok_or_else(|| self.unknown(source))?;
        let description = format!("move {} to {type_name}", source.type_name);
        let moved = Moved { version: source.version, state: stored };
        let state = catch_panic(&description, || (known.adopt)(moved))??;
        conform(declaration, state.to_string().as_bytes())
    }

    fn unknown(&self, source: &MoveSource<'_>) -> Diagnostic {
        let Self { declaration, type_name, .. } = self;
        let known: Vec<_> = declaration
            .moves
            .iter()
            .map(|known| format!("  {} of {}", known.type_name, known.provider))
            .collect();
        let known = if known.is_empty() {
            "No resource type can be moved to it.".to_owned()
        } else {
            format!("These can:\n\n{}", known.join("\n"))
        };
        Diagnostic::error(format!("could not move {} to {type_name}", source.type_name))
            .detail(format!(
                "Objects of the type {} of {} cannot become objects of this type. {known}",
                source.type_name, source.provider,
            ))
            .remedy("write a `removed` block for the one and an `import` block for the other.")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        lifecycle::{Component, Typed},
        testkit::{Thing, lean},
    };

    fn moved(provider: &str, type_name: &str, version: i64, stored: Json) -> Result<Value> {
        let resource = Typed::<Thing>::resource();
        let target = Target {
            declaration: resource.declaration(),
            provider: "tests/sample",
            type_name: "sample_thing",
        };
        target.adopt(&MoveSource { provider, type_name, version }, stored)
    }

    #[test]
    fn move_ignores_the_registry_host() {
        for provider in [
            "registry.terraform.io/others/hosts",
            "registry.opentofu.org/others/hosts",
            "others/hosts",
            "hosts",
        ] {
            let stored = json!({"key": "1", "title": "a", "labels": {"b": "c"}});
            let state = moved(provider, "hosts_thing", 7, stored).unwrap();
            let expected = json!({"id": "1", "name": "\"a\" of version 7", "labels": {"b": "c"}});
            assert_eq!(lean(&state), expected);
            assert!(state.is_wholly_known());
        }
    }

    #[test]
    fn a_move_from_the_type_itself_is_an_upgrade() {
        for provider in ["registry.opentofu.org/tests/sample", "sample"] {
            let stored = json!({"id": "1", "title": "a", "notes": ["b"]});
            let state = moved(provider, "sample_thing", 0, stored).unwrap();
            assert_eq!(lean(&state), json!({"id": "1", "name": "a", "note": "b"}));
        }
    }

    #[test]
    fn err_move_from_unknown_type() {
        for (provider, type_name) in [
            ("registry.terraform.io/strangers/hosts", "hosts_thing"),
            ("registry.terraform.io/others/hosts", "hosts_other"),
            ("registry.terraform.io/others/hosts", "sample_thing"),
            ("", "hosts_thing"),
        ] {
            let error = moved(provider, type_name, 0, json!({})).unwrap_err();
            assert_eq!(error.to_string(), format!("could not move {type_name} to sample_thing"));
            assert!(error.iter().all(|told| told.detail.contains("hosts_thing of others/hosts")));
        }
    }

    #[test]
    fn err_moved_state_that_does_not_conform() {
        let check = |stored: Json, expected: &str| {
            let error = moved("others/hosts", "hosts_thing", 0, stored).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(json!({"key": {}}), "id: invalid value of `id`");
        check(json!([]), "the provider has a bug");
    }
}
