//! One operation of an author's code: in its own task, within its time, until Terraform says stop.
//!
//! Whatever that code does, Terraform gets an answer: a panic becomes a diagnostic, and what was saved
//! before it is kept.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use tokio::task::JoinError;

use super::{
    Boxed, Declaration,
    resource::{AnyResource, Operation},
};
use crate::{
    Cx, Diagnostic, Diagnostics, Field, Normalized, Result, Value, context::OperationRecord,
    diagnostics::closed, stop::Stop, timeouts::GoDuration,
};

/// What all operations of a configured provider share.
pub(crate) struct OperationEnv<C> {
    pub(crate) client: Arc<C>,
    pub(crate) stop: Stop,
    pub(crate) terraform_version: Arc<str>,
}

/// What an operation ended with.
pub(crate) struct Outcome<T> {
    pub(crate) result: Result<T>,
    pub(crate) saved: Option<Value>,
    pub(crate) warnings: Diagnostics,
    pub(crate) private: Vec<u8>,
}

impl<T> Outcome<T> {
    /// What came of it, and all that is to be told.
    pub(crate) fn into_parts(self) -> (Option<T>, Diagnostics) {
        let mut diagnostics = self.warnings;
        let value = self.result.map_err(|errors| diagnostics.extend(errors)).ok();
        (value, diagnostics)
    }
}

/// Why an operation cannot begin.
pub(crate) fn not_known_yet(description: &str) -> Diagnostic {
    Diagnostic::error(format!("cannot {description} yet"))
        .detail("Parts of its configuration are not known yet.")
}

/// Performs an operation on a resource.
pub(crate) async fn perform<C>(
    resource: &dyn AnyResource<C>,
    operation: Operation,
    private: Vec<u8>,
    env: &OperationEnv<C>,
) -> Outcome<Option<Value>> {
    let declaration = resource.declaration();
    let (verb, limit) = match &operation {
        Operation::Create(planned) => ("create", Limit::of(declaration, "create", planned)),
        Operation::Read(state) => ("read", Limit::of(declaration, "read", state)),
        Operation::Update { planned, .. } => ("update", Limit::of(declaration, "update", planned)),
        Operation::Delete(prior) => ("delete", Limit::of(declaration, "delete", prior)),
        Operation::Import(_) => ("import", Limit::of(declaration, "read", &Value::Null)),
    };
    let description = format!("{verb} {}", declaration.name);
    let record = OperationRecord::with_private(private);
    run(&description, env, limit, record, |cx| resource.run(operation, cx)).await
}

/// Runs `start` in a task of its own; `description` names it in a report of a panic.
pub(super) async fn run<C, T: Send + 'static>(
    description: &str,
    env: &OperationEnv<C>,
    limit: Limit,
    record: OperationRecord,
    start: impl FnOnce(Cx<C>) -> Boxed<Result<T>>,
) -> Outcome<T> {
    let record = Arc::new(record);
    let cancelled = env.stop.token();
    let cx = Cx::within(
        Arc::clone(&env.client),
        cancelled.clone(),
        Arc::clone(&env.terraform_version),
        Arc::clone(&record),
    );
    let mut task = env.stop.spawn(start(cx));
    let (ended, late) = tokio::select! {
        ended = &mut task => (Some(ended), false),
        () = tokio::time::sleep(limit.time) => {
            let interrupted = cancelled.is_cancelled();
            cancelled.cancel();
            let ended = if limit.only_reads {
                tokio::time::timeout(GRACE, &mut task).await.ok()
            } else {
                Some((&mut task).await)
            };
            (ended, !interrupted)
        }
    };
    let mut result = if let Some(ended) = ended {
        ended.unwrap_or_else(|failed| Err(panicked(description, failed)))
    } else {
        task.abort();
        Err(Diagnostic::error(format!("could not {description}")).into())
    };
    if let (Err(errors), true) = (&mut result, cancelled.is_cancelled()) {
        let reason = if late {
            format!("It was stopped because {} has passed.", limit.reached())
        } else {
            "It was stopped because Terraform was interrupted.".to_owned()
        };
        for error in errors.iter_mut() {
            error.detail = with_reason(&error.detail, &reason);
        }
    }
    let saved = record.saved().take();
    let warnings = mem::take(&mut *record.warnings());
    let private = record.private().encode();
    Outcome { result, saved, warnings, private }
}

/// A detail and why the operation stopped.
fn with_reason(detail: &str, reason: &str) -> String {
    if detail.is_empty() { reason.to_owned() } else { format!("{}\n\n{reason}", closed(detail)) }
}

/// How long an operation that only reads may go on after it was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How long an operation may take.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    /// The attribute that sets it: `create` of `timeouts.create`.
    name: &'static str,
    /// Whether the user can set it.
    is_configurable: bool,
    /// Whether the operation only reads. Then nothing is lost if nobody waits for its end; what writes may have
    /// been carried out, and its end tells.
    pub(super) only_reads: bool,
    /// As the user wrote it.
    spelling: String,
    time: Duration,
}

impl Limit {
    /// What the user has set for a model with timeouts, else the default. There always is a limit: a service
    /// that never answers must not keep Terraform for ever.
    pub(super) fn of(declaration: &Declaration, name: &'static str, state: &Value) -> Self {
        let default = match name {
            "create" => declaration.timeouts.create,
            "update" => declaration.timeouts.update,
            "delete" => declaration.timeouts.delete,
            _ => declaration.timeouts.read,
        };
        let set = Normalized::<GoDuration>::decode(state.get("timeouts").get(name).clone());
        let span = set.unwrap_or_else(|_| Normalized::new(default.into()));
        Self {
            name,
            is_configurable: declaration.object.attribute("timeouts").is_some(),
            only_reads: name == "read",
            spelling: span.spelling().to_owned(),
            time: span.duration(),
        }
    }

    /// The limit of an operation that has no timeouts of its own.
    pub(super) fn fixed(time: Duration, only_reads: bool) -> Self {
        let spelling = GoDuration::from(time).to_string();
        Self { name: "", is_configurable: false, only_reads, spelling, time }
    }

    fn reached(&self) -> String {
        if self.is_configurable {
            format!("`timeouts.{}` of {}", self.name, self.spelling)
        } else {
            format!("its limit of {}", self.spelling)
        }
    }
}

/// Runs code of an author that does not wait, and turns a panic into a diagnostic.
pub(crate) fn catch_panic<T>(description: &str, code: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| bug(description, &*payload))
}

/// What ended a task before its time: a panic, since nobody aborts them.
pub(super) fn panicked(description: &str, failed: JoinError) -> Diagnostics {
    match failed.try_into_panic() {
        Ok(payload) => bug(description, &*payload),
        Err(failed) => bug(description, &failed.to_string()),
    }
}

fn bug(description: &str, payload: &(dyn Any + Send)) -> Diagnostics {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("no message");
    Diagnostic::bug(format!("It panicked: could not {description}: {text}")).into()
}
