//! Terraform's plugin protocol 6 for providers written in Rust.
//!
//! An author declares a struct with `#[derive(Model)]`; its fields, their types and their doc
//! comments are the schema, the codec and the registry documentation at once. Create, read, update,
//! delete and import are five async methods. What Terraform demands besides is done here, once.
//!
//! A whole provider:
//!
//! ```no_run
//! use std::{collections::BTreeMap, process::ExitCode, sync::Mutex};
//!
//! use tf_provider::{
//!     Computed, ConfigureCx, Cx, Import, Model, NoIdentity, Components, Partial, Provider, Resource,
//!     Result,
//! };
//!
//! /// A note on the board.
//! #[derive(Model, Clone)]
//! struct Note {
//!     /// Identifier of the note.
//!     id: Computed<String>,
//!     /// What it says.
//!     text: String,
//!     /// Who may read it.
//!     #[tf(default = "everybody", requires_replace)]
//!     audience: String,
//! }
//!
//! type Board = Mutex<BTreeMap<String, Note>>;
//!
//! impl Resource for Note {
//!     const NAME: &'static str = "note";
//!     type Client = Board;
//!     type Identity = NoIdentity;
//!
//!     async fn create(self, cx: &Cx<Board>) -> Result<Self> {
//!         let mut board = cx.client().lock().unwrap();
//!         let id = format!("note-{}", board.len());
//!         let note = Self { id: id.clone().into(), ..self };
//!         board.insert(id, note.clone());
//!         Ok(note)
//!     }
//!
//!     async fn read(self, cx: &Cx<Board>) -> Result<Option<Self>> {
//!         Ok(cx.client().lock().unwrap().get(self.id.get()?).cloned())
//!     }
//!
//!     async fn update(self, _prior: Self, cx: &Cx<Board>) -> Result<Self> {
//!         cx.client().lock().unwrap().insert(self.id.get()?.clone(), self.clone());
//!         Ok(self)
//!     }
//!
//!     async fn delete(self, cx: &Cx<Board>) -> Result<()> {
//!         cx.client().lock().unwrap().remove(self.id.get()?);
//!         Ok(())
//!     }
//!
//!     async fn import(what: Import<NoIdentity>, cx: &Cx<Board>) -> Result<Option<Self>> {
//!         let Import::Id(id) = what;
//!         Ok(cx.client().lock().unwrap().get(&id).cloned())
//!     }
//! }
//!
//! /// A board for notes.
//! #[derive(Model)]
//! struct Config {}
//!
//! struct Notes;
//!
//! impl Provider for Notes {
//!     const NAME: &'static str = "notes";
//!     const SOURCE: &'static str = "example/notes";
//!     type Config = Config;
//!     type Client = Board;
//!
//!     async fn configure(_config: Partial<Config>, _cx: &ConfigureCx) -> Result<Board> {
//!         Ok(Board::default())
//!     }
//!
//!     fn components() -> Components<Board> {
//!         Components::new().resource::<Note>()
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     tf_provider::serve::<Notes>()
//! }
//! ```
//!
//! Each idea has a page:
//!
//! - [values](guide::values): null, unknown, and what means the same;
//! - [lifecycle](guide::lifecycle): which method is called when, and what the layer does around it;
//! - [diagnostics](guide::diagnostics): how failures reach the user;
//! - [identity]: what tells one object from all others;
//! - [testing](guide::testing): from a unit test to a real Terraform.
//!
//! What Terraform demands, and which test proves that it gets it, is listed in `docs/rules.md`.

extern crate self as tf_provider; // The derive names this crate by its public name, here too.

pub mod action;
pub mod constraints;
pub mod context;
pub mod data_source;
pub mod describe;
pub mod diagnostics;
pub mod ephemeral;
pub mod field;
pub mod function;
pub mod guide;
pub mod identity;
pub mod list;
pub mod model;
pub mod path;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod serve;
#[cfg(feature = "testing")]
pub mod testing;
pub mod timeouts;
pub mod upgrade;
pub mod validate;
pub mod value;

mod lifecycle;
mod protocol;
mod stop;
#[cfg(test)]
mod testkit;

pub use tf_provider_derive::Model;

pub use self::{
    action::Action,
    constraints::Constraint,
    context::{ConfigureCx, Cx},
    data_source::DataSource,
    diagnostics::{Diagnostic, Diagnostics, Result, Severity},
    ephemeral::{Ephemeral, Lease},
    field::{Computed, Dynamic, Field, Maybe, Normalized, WriteOnly},
    function::Function,
    identity::{Identity, NoIdentity},
    lifecycle::Components,
    list::{Found, List, Listed},
    model::{Model, Partial},
    path::Path,
    provider::{Provider, schema_errors},
    resource::{DefaultTimeouts, Import, Resource},
    serve::serve,
    timeouts::Timeouts,
    upgrade::{Json, Move, Moved, Upgrade},
    value::{DecodeError, Number, Value},
};
