//! `Validate…Config`: what can be said of a configuration before anything is done.
//!
//! It runs without a client, many times, and while parts are unknown; Terraform asks again when they are known.

use super::{Declared, guarded, walk};
use crate::{
    Diagnostic, Diagnostics, Path, Value,
    schema::{Kind, Object},
};

/// Validators first, then rules across attributes, then the author's `check`; each only on what the ones
/// before it found in order, so that one mistake is told once.
pub(crate) fn validate(
    declared: &Declared,
    config: &Value,
    check: impl FnOnce(&Value) -> Diagnostics,
) -> Diagnostics {
    let doing = format!("validate {}", declared.name);
    let rules = || {
        let mut found = declared.object.check(config);
        for constraint in &declared.constraints {
            found.extend(constraint.check(config));
        }
        if !found.has_errors() {
            found.extend(check(config));
        }
        found
    };
    guarded(&doing, rules).unwrap_or_else(|bug| bug)
}

/// Write-only attributes that are set, for a Terraform that would store them.
pub(crate) fn refuse_write_only(object: &Object, config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    refuse_write_only_at(object, config, &Path::root(), &mut found);
    found
}

fn refuse_write_only_at(object: &Object, config: &Value, at: &Path, found: &mut Diagnostics) {
    walk::attributes(object, config, [], |attribute, config, []| {
        let at = at.clone().attribute(&attribute.name);
        match &attribute.kind {
            _ if attribute.write_only && !config.is_null() => found.push(
                Diagnostic::error("this Terraform has no write-only attributes")
                    .detail(format!(
                        "It would store `{at}`, which is not meant to be stored.\n\n\
                         What to do: use Terraform 1.11 or OpenTofu 1.11 or later, or leave it out."
                    ))
                    .at(at),
            ),
            Kind::Nested(nesting, object) => {
                walk::objects(*nesting, config, [], &at, |config, [], at| {
                    refuse_write_only_at(object, config, at, found);
                    Value::Null
                });
            }
            _ => {}
        }
        Value::Null
    });
}
