//! `ReadDataSource`: a configuration in, the same with everything the service knows out.

use super::{
    AnyDataSource, Surroundings,
    apply::complete,
    operation::{Limit, run},
    plan::propose,
};
use crate::{Diagnostic, Diagnostics, Path, Value};

/// What was read; null when nothing could be.
pub(crate) struct Looked {
    pub(crate) state: Value,
    pub(crate) diagnostics: Diagnostics,
}

/// Reads one data source. What the user set stays as the user wrote it.
pub(crate) async fn look_up<C>(
    data_source: &dyn AnyDataSource<C>,
    config: Value,
    around: &Surroundings<C>,
) -> Looked {
    let declared = data_source.declared();
    if !config.is_wholly_known() {
        // Terraform waits until it is known; an answer to half a question would be wrong.
        let unknown = Diagnostic::error(format!("cannot read {} yet", declared.name))
            .detail("Parts of its configuration are not known yet.");
        return Looked { state: Value::Null, diagnostics: unknown.into() };
    }
    let planned = propose(&declared.object, &Value::Null, &config);
    let limit = Limit::of(declared, "read", &planned);
    let doing = format!("read {}", declared.name);
    let asked = planned.clone();
    let outcome = run(&doing, around, limit, Vec::new(), |cx| data_source.read(asked, cx)).await;
    let mut diagnostics = outcome.warnings;
    let state = match outcome.result {
        Ok(seen) => complete(&declared.object, &planned, &seen, &Path::root(), &mut diagnostics),
        Err(errors) => {
            diagnostics.extend(errors);
            Value::Null
        }
    };
    Looked { state, diagnostics }
}
