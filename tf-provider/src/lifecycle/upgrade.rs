//! `UpgradeResourceState`: stored JSON of any earlier version in, state of the current schema out.
//!
//! Terraform always asks, also when the version is the current one.

use super::{AnyResource, guarded, settle::settle};
use crate::{Diagnostic, Json, Path, Result, Value, value::json};

/// Brings a stored state to the current schema.
pub(crate) fn upgrade<C>(
    resource: &dyn AnyResource<C>,
    version: i64,
    stored: &[u8],
) -> Result<Value> {
    let declared = resource.declared();
    let mut state: Json = serde_json::from_slice(stored).map_err(|error| {
        Diagnostic::error(format!("cannot read the stored state of {}", declared.name))
            .detail(format!("It is no JSON: {error}"))
    })?;
    let steps = usize::try_from(version).ok().and_then(|version| declared.upgrades.get(version..));
    let steps = steps.filter(|_| version <= declared.version).ok_or_else(|| {
        Diagnostic::error(format!("cannot read the stored state of {}", declared.name)).detail(
            format!(
                "It has version {version}, and this provider knows versions 0 to {}.\n\n\
                 What to do: use the version of the provider that wrote it, or a later one.",
                declared.version
            ),
        )
    })?;
    for step in steps {
        state = guarded(&format!("upgrade {}", declared.name), || step(state))??;
    }
    // Across versions Terraform leaves it to us to drop what the schema has no longer.
    let value = json::decode_state(state.to_string().as_bytes(), &declared.ty)?;
    Ok(settle(&declared.object, &value, &Path::root(), &mut Vec::new()))
}
