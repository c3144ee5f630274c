//! Invariant 7 of ARCHITECTURE.md: no two modules of one folder need each other, directly or through
//! others.
//!
//! A module is a file together with the folder of its name. Of two modules in the same folder, `a`
//! has an arrow to `b` when a file of `a` names an item that is defined in a file of `b`. A
//! re-export counts as the place where its item is defined. Arrows that lead around in a circle are
//! a finding, in every folder and between the modules of the crate root.
//!
//! A child may name what its parent's own file defines, although the parent uses the child: that is
//! how Rust nests modules, and no arrow. Test code, and what only types or methods tell without a
//! path, is not seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Tree, source::Source};

/// The crates that are looked at.
const CRATES: &[&str] = &["src/", "tf-provider/src/", "sandbox/src/"];

/// More re-exports in a row than anybody writes; they could lead around in a circle themselves.
const MOST_REEXPORTS: usize = 16;

pub(super) fn circles(tree: &Tree) -> Vec<String> {
    CRATES.iter().flat_map(|folder| Modules::of(tree, folder).circles()).collect()
}

/// Where an arrow was found: `file:line`, and the path that is named there.
#[derive(Clone, Debug)]
struct Place {
    file: String,
    line: usize,
    path: String,
}

/// The arrows between the modules of one folder: from, to, and the first place that shows it.
type Arrows = BTreeMap<String, BTreeMap<String, Place>>;

/// The modules of one crate by their path from its root, which has an empty one.
struct Modules<'a>(BTreeMap<Vec<String>, &'a Source>);

impl<'a> Modules<'a> {
    fn of(tree: &'a Tree, folder: &'a str) -> Self {
        let sources = tree.sources(folder).filter(|source| {
            // `main.rs` is a crate of its own that names the library like any other user.
            source.file != format!("{folder}main.rs") && !tree.is_for_tests(&source.file)
        });
        Self(sources.map(|source| (owned(&source.module()), source)).collect())
    }

    fn circles(&self) -> Vec<String> {
        let folders = self.arrows();
        let found = folders.iter().flat_map(|(folder, arrows)| {
            shortest_circles(arrows).into_iter().map(|circle| describe(folder, arrows, &circle))
        });
        found.collect()
    }

    /// The arrows in each folder.
    fn arrows(&self) -> BTreeMap<Vec<String>, Arrows> {
        let mut folders: BTreeMap<Vec<String>, Arrows> = BTreeMap::new();
        for (module, source) in &self.0 {
            for name in &source.names {
                let Some(path) = self.absolute(module, &name.segments) else { continue };
                let defined = self.defining(&path, 0);
                let common = module.iter().zip(&defined).take_while(|(a, b)| a == b).count();
                let (Some(from), Some(to)) = (module.get(common), defined.get(common)) else {
                    continue;
                };
                let folder = module.iter().take(common).cloned().collect();
                let arrows = folders.entry(folder).or_default().entry(from.clone()).or_default();
                arrows.entry(to.clone()).or_insert_with(|| Place {
                    file: source.file.clone(),
                    line: name.line,
                    path: name.text(),
                });
            }
        }
        folders
    }

    /// A path as it reads from the root of the crate; none if it leads into another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        if first == "crate" {
            return Some(rest.to_vec());
        }
        let child = [module, std::slice::from_ref(first)].concat();
        if self.0.contains_key(&child) {
            return Some([child.as_slice(), rest].concat());
        }
        let import = self.0.get(module)?.imports.iter().find(|import| import.name == *first)?;
        let (root, inside) = import.path.split_first()?;
        (root == "crate").then(|| [inside, rest].concat())
    }

    /// The module whose file defines what a path from the root names.
    fn defining(&self, path: &[String], reexports: usize) -> Vec<String> {
        let mut module = Vec::new();
        for (index, segment) in path.iter().enumerate() {
            let child = [module.as_slice(), std::slice::from_ref(segment)].concat();
            if self.0.contains_key(&child) {
                module = child;
                continue;
            }
            let rest = path.get(index + 1..).unwrap_or_default();
            return self.reexported(&module, segment, rest, reexports + 1).unwrap_or(module);
        }
        module
    }

    /// The module that defines what `module` has from elsewhere under the name `item`.
    fn reexported(
        &self,
        module: &[String],
        item: &String,
        rest: &[String],
        reexports: usize,
    ) -> Option<Vec<String>> {
        let source = self.0.get(module)?;
        if reexports > MOST_REEXPORTS || defines(source, item) {
            return None;
        }
        if let Some(import) = source.imports.iter().find(|import| import.name == *item) {
            let path = [self.absolute(module, &import.path)?.as_slice(), rest].concat();
            return Some(self.defining(&path, reexports));
        }
        source.imports.iter().filter(|import| import.name == "*").find_map(|import| {
            let mut path = self.absolute(module, &import.path)?;
            path.pop();
            path.push(item.clone());
            let defined = self.defining(&path, reexports);
            defines(self.0.get(&defined)?, item).then_some(defined)
        })
    }
}

fn defines(source: &Source, item: &str) -> bool {
    source.definitions.iter().any(|definition| definition.name == item)
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&part| part.to_owned()).collect()
}

/// The shortest circle through each module that is in one, each once.
fn shortest_circles(arrows: &Arrows) -> Vec<Vec<&str>> {
    let mut seen = BTreeSet::new();
    let circles = arrows.keys().filter_map(|from| circle_through(arrows, from));
    circles.filter(|circle| seen.insert(circle.iter().copied().collect::<BTreeSet<_>>())).collect()
}

/// The shortest way from a module back to itself.
fn circle_through<'a>(arrows: &'a Arrows, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for to in way.last().and_then(|last| arrows.get(*last)).into_iter().flat_map(BTreeMap::keys)
        {
            if to == start {
                return Some(way);
            }
            if seen.insert(to) {
                ways.push_back([way.as_slice(), &[to]].concat());
            }
        }
    }
    None
}

/// One line for the circle, and one for each of its arrows.
fn describe(folder: &[String], arrows: &Arrows, circle: &[&str]) -> String {
    let next = circle.iter().cycle().skip(1);
    let places: Vec<_> = circle
        .iter()
        .zip(next)
        .filter_map(|(from, to)| Some((*from, *to, arrows.get(*from)?.get(*to)?)))
        .collect();
    let start = places.first().map_or("", |(_, _, place)| &place.file);
    let folder = if folder.is_empty() { "the crate root".to_owned() } else { folder.join("::") };
    let modules: Vec<_> = circle.iter().map(|module| format!("`{module}`")).collect();
    let arrows = places.iter().map(|(from, to, Place { file, line, path })| {
        format!("\n    {from} → {to}: {file}:{line}: `{path}`")
    });
    format!(
        "{start}: the modules of {folder} {} need each other in a circle; move what both need \
         below them, or pass it in{}",
        modules.join(", "),
        arrows.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    #[test]
    fn circle_between_top_level_modules_is_found() {
        check(
            circles,
            &[
                ("src/lib.rs", "pub mod provider; pub mod resources;"),
                ("src/provider.rs", "use crate::resources::Group;"),
                ("src/resources.rs", "mod group; pub use self::group::Group;"),
                ("src/resources/group.rs", "use crate::provider::Client;"),
            ],
            &["src/provider.rs: the modules of the crate root `provider`, `resources` need each \
               other in a circle; move what both need below them, or pass it in\n    \
               provider → resources: src/provider.rs:1: `crate::resources::Group`\n    \
               resources → provider: src/resources/group.rs:1: `crate::provider::Client`"],
        );
    }

    #[test]
    fn circle_over_three_modules_of_a_folder_is_found() {
        check(
            circles,
            &[
                ("tf-provider/src/value.rs", "mod a; mod b; mod c;"),
                ("tf-provider/src/value/a.rs", "super::b::f()"),
                ("tf-provider/src/value/b.rs", "use super::c;"),
                ("tf-provider/src/value/c.rs", "\nuse crate::value::{a::{self, A}};"),
            ],
            &["tf-provider/src/value/a.rs: the modules of value `a`, `b`, `c` need each other"],
        );
    }

    #[test]
    fn circle_through_reexports_is_found() {
        let lib = "mod schema; mod field; pub use schema::Schema; pub use field::*;";
        check(
            circles,
            &[
                ("tf-provider/src/lib.rs", lib),
                ("tf-provider/src/schema.rs", "use crate::Field; pub struct Schema;"),
                ("tf-provider/src/field.rs", "use crate::Schema; pub struct Field;"),
            ],
            &["tf-provider/src/field.rs: the modules of the crate root `field`, `schema` need"],
        );
        check(
            circles,
            &[
                ("sandbox/src/cloud.rs", "mod tag; mod vpc; use tag::Tag as Label;"),
                ("sandbox/src/cloud/tag.rs", "pub struct Tag; super::vpc::groups()"),
                ("sandbox/src/cloud/vpc.rs", "use crate::cloud; fn f(t: cloud::Label) {}"),
            ],
            &["sandbox/src/cloud/tag.rs: the modules of cloud `tag`, `vpc` need each other"],
        );
    }

    #[test]
    fn children_may_name_items_of_their_parent() {
        check(
            circles,
            &[
                ("src/groups.rs", "mod actor; mod rule; use self::actor::Actor; struct Groups;"),
                ("src/groups/actor.rs", "use super::{Groups, rule::Rule}; struct Actor;"),
                ("src/groups/rule.rs", "use super::Groups; struct Rule;"),
            ],
            &[],
        );
    }

    #[test]
    fn test_code_and_other_crates_are_left_out() {
        check(
            circles,
            &[
                ("src/lib.rs", "mod cloud; mod wait;"),
                ("src/main.rs", "use crate::cloud::Client;"),
                ("src/cloud.rs", "use crate::wait::retry;"),
                (
                    "src/wait.rs",
                    "#[cfg(test)] mod fake; #[cfg(test)] mod tests { use crate::cloud::Client; }",
                ),
                ("src/wait/fake.rs", "use crate::cloud::Client;"),
                ("src/wait/fake/calls.rs", "use crate::cloud::Client;"),
                ("sandbox/src/wait.rs", "use cloud::Client; use tokio::fake;"),
                ("sandbox/src/cloud.rs", "use crate::wait::retry;"),
            ],
            &[],
        );
    }
}
