//! The service: objects in a file, which outlives the several processes of one command.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use serde_json::{Map, Value as Json, json};
use tf_provider::{Diagnostic, Diagnostics, Model, Result, Value};

use crate::fault::Fault;

/// What every operation works with.
#[derive(Debug)]
pub(crate) struct Store {
    /// Unknown while Terraform does not know it yet.
    file: Option<PathBuf>,
    pub(crate) fault: Option<Fault>,
}

impl Store {
    pub(crate) fn new(file: Option<PathBuf>, fault: Option<Fault>) -> Self {
        Self { file, fault }
    }

    /// Makes an object under a new id.
    pub(crate) fn insert<M: Model>(&self, kind: &str, make: impl FnOnce(String) -> M) -> Result<M> {
        self.change(|objects| {
            let numbers = objects.keys().filter_map(|id| of_kind(kind, id)?.parse().ok());
            let last: Option<u64> = numbers.max();
            let id = format!("{kind}-{}", last.unwrap_or(0) + 1);
            let object = make(id.clone());
            objects.insert(id, to_json(&object.encode()));
            object
        })
    }

    /// Writes an object that may be there already.
    pub(crate) fn put<M: Model>(&self, id: &str, object: &M) -> Result<()> {
        self.change(|objects| {
            objects.insert(id.to_owned(), to_json(&object.encode()));
        })
    }

    /// Looks up an object.
    pub(crate) fn find<M: Model>(&self, id: &str) -> Result<Option<M>> {
        let found = self.change(|objects| objects.get(id).cloned())?;
        found.map(|json| decode(&json)).transpose()
    }

    /// All objects of a kind.
    pub(crate) fn list<M: Model>(&self, kind: &str) -> Result<Vec<M>> {
        let found = self.change(|objects| objects.clone())?;
        let ours = found.iter().filter(|(id, _)| of_kind(kind, id).is_some());
        ours.map(|(_, json)| decode(json)).collect()
    }

    /// Removes an object, or finds it gone.
    pub(crate) fn remove(&self, id: &str) -> Result<()> {
        self.change(|objects| {
            objects.remove(id);
        })
    }

    /// Tells whoever looks which process waits now.
    pub(crate) fn wait(&self) -> Result<()> {
        let file = self.file()?.with_extension("waiting");
        std::fs::write(file, std::process::id().to_string()).map_err(|error| unreadable(&error))
    }

    fn file(&self) -> Result<&PathBuf> {
        let missing = || {
            Diagnostic::error("the service cannot be found").detail(
                "The provider's `file` is not set, or not known yet.\n\n\
                 What to do: set it, or apply first what it follows from.",
            )
        };
        Ok(self.file.as_ref().ok_or_else(missing)?)
    }

    /// One change of the file; other processes wait for it.
    fn change<T>(&self, change: impl FnOnce(&mut Map<String, Json>) -> T) -> Result<T> {
        let path = self.file()?;
        let done = || -> std::io::Result<T> {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            file.lock()?;
            let before = read(&mut file)?;
            let mut objects = before.clone();
            let answer = change(&mut objects);
            if objects != before {
                file.seek(SeekFrom::Start(0))?;
                file.set_len(0)?;
                file.write_all(&serde_json::to_vec_pretty(&objects)?)?;
            }
            Ok(answer)
        };
        done().map_err(|error| unreadable(&error))
    }
}

/// The number in an id of this kind.
fn of_kind<'id>(kind: &str, id: &'id str) -> Option<&'id str> {
    id.strip_prefix(kind)?.strip_prefix('-')
}

fn read(file: &mut File) -> std::io::Result<Map<String, Json>> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    if text.is_empty() { Ok(Map::new()) } else { Ok(serde_json::from_str(&text)?) }
}

fn unreadable(error: &std::io::Error) -> Diagnostics {
    Diagnostic::error("the service's file cannot be used").detail(error.to_string()).into()
}

fn decode<M: Model>(json: &Json) -> Result<M> {
    M::decode(from_json(json)).map_err(|error| {
        Diagnostic::error("the service's file holds something else")
            .detail(error.to_string())
            .into()
    })
}

/// A value as JSON; a number as an object with its text, since it may be larger than any of JSON's.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(truth) => json!(truth),
        Value::Number(number) => json!({ "number": number.to_string() }),
        Value::String(text) => json!(text),
        Value::List(elements) => elements.iter().map(to_json).collect(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.to_string(), to_json(value)));
            json!({ "map": entries.collect::<Map<_, _>>() })
        }
        // A service that does not know what to store stores nothing.
        Value::Null | Value::Unknown(_) => Json::Null,
        // It remembers no types.
        Value::Dynamic(inner) => to_json(&inner.1),
    }
}

fn from_json(json: &Json) -> Value {
    match json {
        Json::Bool(truth) => Value::Bool(*truth),
        Json::String(text) => text.as_str().into(),
        Json::Array(elements) => Value::list(elements.iter().map(from_json)),
        Json::Null | Json::Number(_) => Value::Null,
        Json::Object(object) => match (object.get("number"), object.get("map")) {
            (Some(Json::String(text)), _) => text.parse().map_or(Value::Null, Value::Number),
            (_, Some(Json::Object(entries))) => {
                let entries = entries.iter().map(|(key, json)| (key.as_str(), from_json(json)));
                Value::map(entries)
            }
            _ => Value::Null,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A note.
    #[derive(Model, Debug, PartialEq)]
    struct Note {
        /// What it says.
        text: String,
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("objects.json");
        (folder, Store::new(Some(file), None))
    }

    #[test]
    fn stored_object_is_found_by_another_process() {
        let (_folder, store) = store();
        let made = store.insert("note", |text| Note { text }).unwrap();
        let other = Store::new(store.file.clone(), None);
        assert_eq!(other.find("note-1").unwrap(), Some(made));
        assert_eq!(other.list::<Note>("note").unwrap().len(), 1);
        assert_eq!(other.list::<Note>("thing").unwrap().len(), 0);
        other.remove("note-1").unwrap();
        assert_eq!(store.find::<Note>("note-1").unwrap(), None);
    }

    #[test]
    fn numbers_stay_exact() {
        for text in ["0.1", "123456789012345678901234567890.123456789", "-1e100"] {
            let number = Value::Number(text.parse().unwrap());
            assert_eq!(from_json(&to_json(&number)), number);
        }
    }

    #[test]
    fn err_without_a_file() {
        let error = Store::new(None, None).find::<Note>("note-1").unwrap_err();
        assert_eq!(error.to_string(), "the service cannot be found");
    }
}
