//! The pages of a provider in a registry, made from what it declares.
//!
//! `terraform providers schema` does not tell defaults, what replaces an object, or what a value
//! must fulfil. The declarations do, so the pages are made from them.
//!
//! | page | where it is | its example |
//! | --- | --- | --- |
//! | the provider | `index.md` | `examples/provider/provider.tf` |
//! | a resource | `resources/thing.md` | `examples/resources/sample_thing/resource.tf` |
//! | a data source | `data-sources/thing.md` | `examples/data-sources/sample_thing/data-source.tf` |
//! | an ephemeral resource | `ephemeral-resources/token.md` | `examples/ephemeral-resources/sample_token/ephemeral-resource.tf` |
//! | a list | `list-resources/thing.md` | `examples/list-resources/sample_thing/list-resource.tfquery.hcl` |
//! | an action | `actions/ring.md` | `examples/actions/sample_ring/action.tf` |
//! | a function | `functions/join.md` | `examples/functions/join/function.tf` |
//! | a guide | `guides/any.md` | whatever its template names |
//!
//! How a resource is imported is shown where `import-by-string-id.tf`, `import-by-identity.tf` or
//! `import.sh` lies beside its example. The identity of a resource that has one is described there.
//!
//! A file `templates/<page>` replaces what is between the title and the end of that page. It is
//! Markdown in which a few words in double braces stand for what is made: `{{ description }}`,
//! `{{ usage }}`, `{{ schema }}`, `{{ import }}`, `{{ example examples/a.tf }}` for a whole file,
//! and `{{ example examples/a.tf resource sample_thing this }}` for one block of it.
//! `templates/guides/*.md` are whole pages, front matter included.

mod schema;
mod template;

use std::collections::BTreeMap;

pub use self::template::Error;
use self::template::Sections;
use crate::{
    lifecycle::{Declaration, function::Callable},
    provider::Provider,
    schema::Object,
};

/// The text files of `examples/` and `templates/`, by their path from the folder that holds both.
pub type Files = BTreeMap<String, String>;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it is in the folder `docs`.
    pub path: String,
    /// What it says, in Markdown.
    pub text: String,
}

/// All pages of a provider.
pub fn pages<P: Provider>(files: &Files) -> Result<Vec<Page>, Error> {
    let components = P::components();
    let book = Book { provider: P::NAME, files };
    let mut pages = vec![book.index(&crate::provider::declared::<P>())?];
    for resource in &components.resources {
        pages.push(book.thing(&RESOURCES, resource.declaration())?);
    }
    for data_source in &components.data_sources {
        pages.push(book.thing(&DATA_SOURCES, data_source.declaration())?);
    }
    for ephemeral in &components.ephemerals {
        pages.push(book.thing(&EPHEMERALS, ephemeral.declaration())?);
    }
    for list in &components.lists {
        pages.push(book.thing(&LISTS, list.declaration())?);
    }
    for action in &components.actions {
        pages.push(book.thing(&ACTIONS, action.declaration())?);
    }
    for function in &components.functions {
        pages.push(book.function(function)?);
    }
    book.guides(pages)
}

/// A kind of things that have one page each.
struct Kind {
    folder: &'static str,
    title: &'static str,
    example: &'static str,
    /// Whether the name of the provider is part of each name.
    prefixed: bool,
}

const RESOURCES: Kind =
    Kind { folder: "resources", title: "Resource", example: "resource.tf", prefixed: true };
const DATA_SOURCES: Kind = Kind {
    folder: "data-sources",
    title: "Data Source",
    example: "data-source.tf",
    prefixed: true,
};
const EPHEMERALS: Kind = Kind {
    folder: "ephemeral-resources",
    title: "Ephemeral Resource",
    example: "ephemeral-resource.tf",
    prefixed: true,
};
const LISTS: Kind = Kind {
    folder: "list-resources",
    title: "List Resource",
    example: "list-resource.tfquery.hcl",
    prefixed: true,
};
const ACTIONS: Kind =
    Kind { folder: "actions", title: "Action", example: "action.tf", prefixed: true };
const FUNCTIONS: Kind =
    Kind { folder: "functions", title: "Function", example: "function.tf", prefixed: false };

struct Book<'a> {
    provider: &'static str,
    files: &'a Files,
}

impl Book<'_> {
    fn index(&self, declared: &Declaration) -> Result<Page, Error> {
        let title = format!("{} Provider", self.provider);
        let sections = Sections {
            description: description(&declared.object),
            usage: self.usage("examples/provider/provider.tf"),
            schema: schema::section(declared),
            import: String::new(),
        };
        let front = front_matter(&title, None, &declared.object.doc);
        self.finish("index.md".to_owned(), &front, &title, &sections)
    }

    /// The page of something that has a schema.
    fn thing(&self, kind: &Kind, declared: &Declaration) -> Result<Page, Error> {
        let identity = declared.identity.as_deref().map(schema::identity);
        let parts = Parts { schema: schema::section(declared), identity };
        self.page(kind, declared.name, &declared.object, parts)
    }

    fn function(&self, function: &Callable) -> Result<Page, Error> {
        let parts = Parts { schema: schema::signature(function), identity: None };
        self.page(&FUNCTIONS, function.name, &function.object, parts)
    }

    fn page(&self, kind: &Kind, name: &str, object: &Object, parts: Parts) -> Result<Page, Error> {
        let Kind { folder, title, example, .. } = kind;
        let path = format!("{folder}/{name}.md");
        let name =
            if kind.prefixed { format!("{}_{name}", self.provider) } else { name.to_owned() };
        let examples = format!("examples/{folder}/{name}");
        let sections = Sections {
            description: description(object),
            usage: self.usage(&format!("{examples}/{example}")),
            schema: parts.schema,
            import: self.import(&examples, parts.identity),
        };
        let front =
            front_matter(&format!("{name} {title} - {}", self.provider), Some(""), &object.doc);
        self.finish(path, &front, &format!("{name} ({title})"), &sections)
    }

    /// Adds the guides, and finds templates of pages that do not exist.
    fn guides(&self, mut pages: Vec<Page>) -> Result<Vec<Page>, Error> {
        for (file, text) in self.files {
            let Some(path) = file.strip_prefix("templates/") else { continue };
            if path.starts_with("guides/") {
                let text = template::expand(file, text, &Sections::default(), self.files)?;
                pages.push(Page { path: path.to_owned(), text });
            } else if !pages.iter().any(|page| page.path == path) {
                return Err(Error::NoPage { template: file.clone() });
            }
        }
        Ok(pages)
    }

    fn finish(
        &self,
        path: String,
        front: &str,
        title: &str,
        sections: &Sections,
    ) -> Result<Page, Error> {
        let file = format!("templates/{path}");
        let body = match self.files.get(&file) {
            Some(text) => template::expand(&file, text, sections, self.files)?,
            None => sections.in_order(),
        };
        Ok(Page { path, text: format!("{front}\n# {title}\n\n{}\n", body.trim()) })
    }

    fn usage(&self, example: &str) -> String {
        let code = self.files.get(example).map(|code| template::fence(example, code));
        code.map_or_else(String::new, |code| format!("## Example Usage\n\n{code}"))
    }

    fn import(&self, examples: &str, identity: Option<String>) -> String {
        let ways = IMPORTS.iter().filter_map(|(file, says)| {
            let code = self.files.get(&format!("{examples}/{file}"))?;
            Some(format!("{says}\n\n{}", template::fence(file, code)))
        });
        let parts: Vec<_> = ways.chain(identity).collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("## Import\n\n{}", parts.join("\n\n"))
        }
    }
}

/// What is made of one declaration.
struct Parts {
    schema: String,
    identity: Option<String>,
}

/// The ways to import an object: the example of each, and what is said before it.
const IMPORTS: [(&str, &str); 3] = [
    (
        "import-by-string-id.tf",
        "In Terraform 1.5 and later, an \
         [`import` block](https://developer.hashicorp.com/terraform/language/import) takes the id:",
    ),
    (
        "import-by-identity.tf",
        "In Terraform 1.12 and later, an \
         [`import` block](https://developer.hashicorp.com/terraform/language/import) also \
         takes the identity, whose attributes are listed below:",
    ),
    (
        "import.sh",
        "The command \
         [`terraform import`](https://developer.hashicorp.com/terraform/cli/commands/import) \
         takes the id:",
    ),
];

/// What a registry reads of a page.
fn front_matter(title: &str, subcategory: Option<&str>, description: &str) -> String {
    let subcategory =
        subcategory.map_or_else(String::new, |name| format!("subcategory: \"{name}\"\n"));
    let description = unwrapped(description);
    let first = description.split("\n\n").next().unwrap_or_default();
    let plain = first.replace('`', "").replace('\n', "\n  ");
    format!(
        "---\n# Made from the declarations of the provider, from examples/ and from templates/. Do \
         not edit.\npage_title: \"{title}\"\n{subcategory}description: |-\n  {plain}\n---\n"
    )
}

/// What a page begins with.
fn description(object: &Object) -> String {
    let doc = unwrapped(&object.doc);
    match &object.deprecated {
        Some(instead) => {
            format!("~> **Deprecated:** {}.\n\n{doc}", instead.trim_end_matches('.'))
        }
        None => doc,
    }
}

/// A doc comment without the line breaks that only keep its source narrow.
fn unwrapped(doc: &str) -> String {
    // Code may hold anything, blank lines too.
    if doc.contains("```") {
        return doc.to_owned();
    }
    let structure = |line: &str| line.starts_with(['-', '*', '|', '>', '#', ' ']);
    let paragraph = |text: &str| {
        if text.lines().any(structure) { text.to_owned() } else { text.replace('\n', " ") }
    };
    doc.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Sample;

    fn made(files: &[(&str, &str)]) -> Result<BTreeMap<String, String>, Error> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let pages = pages::<Sample>(&files.collect())?;
        Ok(pages.into_iter().map(|page| (page.path, page.text)).collect())
    }

    #[test]
    fn every_thing_has_a_page_and_every_attribute_a_line() {
        #[track_caller]
        fn check(page: &str, object: &Object) {
            for attribute in &object.attributes {
                let line = format!("\n- `{}` (", attribute.name);
                assert!(page.contains(&line), "{} is not in\n{page}", attribute.name);
                if let Some((_, nested)) = attribute.kind.objects() {
                    check(page, nested);
                }
            }
        }
        let pages = made(&[]).unwrap();
        let components = Sample::components();
        check(&pages["index.md"], &crate::provider::declared::<Sample>().object);
        let things = [
            (
                &RESOURCES,
                components.resources.iter().map(|one| one.declaration()).collect::<Vec<_>>(),
            ),
            (&DATA_SOURCES, components.data_sources.iter().map(|one| one.declaration()).collect()),
            (&EPHEMERALS, components.ephemerals.iter().map(|one| one.declaration()).collect()),
            (&LISTS, components.lists.iter().map(|one| one.declaration()).collect()),
            (&ACTIONS, components.actions.iter().map(|one| one.declaration()).collect()),
        ];
        let mut count = 1 + components.functions.len();
        for (Kind { folder, title, .. }, all) in things {
            assert!(!all.is_empty(), "the sample has nothing in {folder}");
            count += all.len();
            for declared in all {
                let page = &pages[&format!("{folder}/{}.md", declared.name)];
                assert!(
                    page.contains(&format!("\n# sample_{} ({title})\n", declared.name)),
                    "{page}"
                );
                check(page, &declared.object);
                let identity = page.split_once("## Import\n\n### Identity Schema\n");
                assert_eq!(identity.is_some(), declared.identity.is_some(), "{page}");
                if let (Some((_, part)), Some(identity)) = (identity, &declared.identity) {
                    check(part, &identity.object);
                }
            }
        }
        for function in &components.functions {
            let page = &pages[&format!("functions/{}.md", function.name)];
            for (n, attribute) in function.object.attributes.iter().enumerate() {
                assert!(page.contains(&format!("\n{}. `{}` (", n + 1, attribute.name)), "{page}");
            }
        }
        assert_eq!(pages.len(), count);
    }

    #[test]
    fn every_kind_of_page_shows_its_example() {
        for (example, page) in [
            ("provider/provider.tf", "index.md"),
            ("resources/sample_thing/resource.tf", "resources/thing.md"),
            ("data-sources/sample_thing/data-source.tf", "data-sources/thing.md"),
            (
                "ephemeral-resources/sample_token/ephemeral-resource.tf",
                "ephemeral-resources/token.md",
            ),
            ("list-resources/sample_thing/list-resource.tfquery.hcl", "list-resources/thing.md"),
            ("actions/sample_ring/action.tf", "actions/ring.md"),
            ("functions/join/function.tf", "functions/join.md"),
        ] {
            let mut pages = made(&[(&format!("examples/{example}"), "a {}\n")]).unwrap();
            let shown = "## Example Usage\n\n```terraform\na {}\n```\n\n## S";
            let page = pages.remove(page).unwrap();
            assert!(page.contains(shown), "{page}");
            assert!(pages.values().all(|other| !other.contains("## Example Usage")), "{example}");
        }
    }

    #[test]
    fn the_ways_to_import_stand_above_the_identity() {
        let pages = made(&[
            ("examples/resources/sample_thing/import.sh", "terraform import b\n"),
            ("examples/resources/sample_thing/import-by-identity.tf", "identity {}\n"),
            ("examples/resources/sample_thing/import-by-string-id.tf", "import {}\n"),
        ])
        .unwrap();
        let (_, import) = pages["resources/thing.md"].split_once("## Import").unwrap();
        let order = [
            "```terraform\nimport {}\n```",
            "```terraform\nidentity {}\n```",
            "```shell\nterraform import b\n```",
            "### Identity Schema",
        ];
        let places: Vec<_> = order.iter().map(|part| import.find(part).unwrap()).collect();
        assert!(places.is_sorted(), "{import}");
    }

    #[test]
    fn a_template_replaces_a_page_or_is_a_guide() {
        let guide = "---\npage_title: \"A\"\n---\n\n{{ example examples/a.sh }}\n";
        let pages = made(&[
            ("examples/a.sh", "true\n"),
            ("templates/guides/a.md", guide),
            ("templates/index.md", "Read [this](guides/a.md).\n\n{{ schema }}\n"),
        ])
        .unwrap();
        let shown = "---\npage_title: \"A\"\n---\n\n```shell\ntrue\n```\n";
        assert_eq!(pages["guides/a.md"], shown);
        let index = &pages["index.md"];
        assert!(index.contains("# sample Provider\n\nRead [this](guides/a.md).\n\n## Schema\n"));

        let error = made(&[("templates/resources/thin.md", "")]).unwrap_err();
        assert_eq!(error, Error::NoPage { template: "templates/resources/thin.md".to_owned() });
    }

    #[test]
    fn line_breaks_of_the_source_go_and_those_of_markdown_stay() {
        assert_eq!(unwrapped("a\nb\n\nc"), "a b\n\nc");
        assert_eq!(unwrapped("a:\n- b\n- c\n\nd\ne"), "a:\n- b\n- c\n\nd e");
        assert_eq!(unwrapped("```\na\n\nb\n```"), "```\na\n\nb\n```");
    }
}
