//! `cargo xtask docs [--check]`: writes the registry's pages into `docs/`.
//!
//! A package of its own, because it is built with the whole provider: the other chores are not to
//! wait for that. [`mod@pages`] makes what they say; here are only files.

mod pages;

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    path::Path,
    process::ExitCode,
};

use terraform_provider_tke::provider::Tke;

use self::pages::{Files, pages};

/// The folders of `docs/` that a registry reads. All of them is made, the others are written.
const MADE: [&str; 7] = [
    "actions",
    "data-sources",
    "ephemeral-resources",
    "functions",
    "guides",
    "list-resources",
    "resources",
];

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let result = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => differences(&root).and_then(|differences| write(&root, differences)),
        [flag] if flag == "--check" => differences(&root).and_then(|found| check(&found)),
        _ => Err("usage: cargo xtask docs [--check]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "this is a command line tool")]
            {
                eprintln!("docs: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The files of `docs/` that are not as they should be: what each should hold, or that it should
/// not be there.
type Differences = BTreeMap<String, Option<String>>;

fn differences(root: &Path) -> Result<Differences, Box<dyn Error>> {
    let mut sources = Files::new();
    for folder in ["examples", "templates"] {
        read(root, folder, &mut sources)?;
    }
    let mut there = Files::new();
    for folder in MADE {
        read(&root.join("docs"), folder, &mut there)?;
    }
    let index = root.join("docs/index.md");
    there.extend(fs::read_to_string(index).map(|text| ("index.md".to_owned(), text)));
    let made = pages::<Tke>(&sources)?.into_iter().map(|page| (page.path, page.text)).collect();
    Ok(compare(&there, made))
}

fn compare(there: &Files, made: Files) -> Differences {
    let names: BTreeSet<_> = made.keys().cloned().collect();
    let stale = there.keys().filter(|path| !names.contains(*path));
    let stale: Vec<_> = stale.map(|path| (path.clone(), None)).collect();
    let wrong = made.into_iter().filter(|(path, text)| there.get(path) != Some(text));
    wrong.map(|(path, text)| (path, Some(text))).chain(stale).collect()
}

fn write(root: &Path, differences: Differences) -> Result<(), Box<dyn Error>> {
    for (path, text) in differences {
        let path = root.join("docs").join(path);
        match text {
            None => fs::remove_file(&path)?,
            Some(text) => {
                fs::create_dir_all(path.parent().unwrap_or(root))?;
                fs::write(&path, text)?;
            }
        }
    }
    Ok(())
}

fn check(differences: &Differences) -> Result<(), Box<dyn Error>> {
    if differences.is_empty() {
        return Ok(());
    }
    let paths: Vec<_> = differences.keys().map(|path| format!("docs/{path}")).collect();
    let paths = paths.join(", ");
    Err(format!("not what the provider declares: {paths}; run `cargo xtask docs`").into())
}

/// Adds the text files of a folder, which need not exist, by their path from `root`.
fn read(root: &Path, folder: &str, files: &mut Files) -> Result<(), Box<dyn Error>> {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap_or_default();
        let path = format!("{folder}/{name}");
        // Terraform leaves state and plugins behind in hidden folders and binary files.
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            read(root, &path, files)?;
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.insert(path, text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn the_committed_pages_are_what_the_provider_declares() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        check(&differences(&root).unwrap()).unwrap();
    }

    #[test]
    fn only_what_differs_is_written_and_what_is_stale_goes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("docs/resources")).unwrap();
        fs::write(root.join("docs/resources/gone.md"), "old").unwrap();
        let mut there = Files::new();
        read(&root.join("docs"), "resources", &mut there).unwrap();
        there.insert("index.md".to_owned(), "same".to_owned());

        let made = files(&[("index.md", "same"), ("guides/a.md", "new")]);
        let found = compare(&there, made);
        let error = check(&found).unwrap_err().to_string();
        assert!(error.contains("docs/guides/a.md, docs/resources/gone.md;"), "{error}");
        write(root, found).unwrap();
        assert_eq!(fs::read_to_string(root.join("docs/guides/a.md")).unwrap(), "new");
        assert!(!root.join("docs/resources/gone.md").exists());
        assert!(check(&compare(&there, there.clone())).is_ok());
    }
}
