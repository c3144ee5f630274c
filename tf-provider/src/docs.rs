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
//! | a function | `functions/join.md` | `examples/functions/join/function.tf` |
//! | a guide | `guides/any.md` | whatever its template names |
//!
//! How a resource is imported is shown where `import-by-string-id.tf` or `import.sh` lies beside
//! its example.
//!
//! A file `templates/<page>` replaces what is between the title and the end of that page. It is
//! Markdown in which a few words in double braces stand for what is made: `{{ description }}`,
//! `{{ usage }}`, `{{ schema }}`, `{{ import }}`, `{{ example examples/a.tf }}` for a whole file,
//! and `{{ example examples/a.tf resource sample_thing this }}` for one block of it.
//! `templates/guides/*.md` are whole pages, front matter included.

use std::collections::BTreeMap;

use crate::lifecycle::{Declared, function::Callable};
use crate::provider::Provider;
use crate::schema::Object;

mod schema;
mod template;

use template::Sections;

pub use template::Error;

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
    let offer = P::offer();
    let book = Book { provider: P::NAME, files };
    let mut pages = vec![book.index(&Declared::provider::<P>())?];
    for resource in &offer.resources {
        pages.push(book.thing(&RESOURCES, resource.declared())?);
    }
    for data_source in &offer.data_sources {
        pages.push(book.thing(&DATA_SOURCES, data_source.declared())?);
    }
    for function in &offer.functions {
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
const FUNCTIONS: Kind =
    Kind { folder: "functions", title: "Function", example: "function.tf", prefixed: false };

struct Book<'a> {
    provider: &'static str,
    files: &'a Files,
}

impl Book<'_> {
    fn index(&self, declared: &Declared) -> Result<Page, Error> {
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
    fn thing(&self, kind: &Kind, declared: &Declared) -> Result<Page, Error> {
        self.page(kind, declared.name, &declared.object, schema::section(declared))
    }

    fn function(&self, function: &Callable) -> Result<Page, Error> {
        self.page(&FUNCTIONS, function.name, &function.object, schema::signature(function))
    }

    fn page(
        &self,
        kind: &Kind,
        name: &str,
        object: &Object,
        schema: String,
    ) -> Result<Page, Error> {
        let Kind { folder, title, example, .. } = kind;
        let path = format!("{folder}/{name}.md");
        let name =
            if kind.prefixed { format!("{}_{name}", self.provider) } else { name.to_owned() };
        let examples = format!("examples/{folder}/{name}");
        let sections = Sections {
            description: description(object),
            usage: self.usage(&format!("{examples}/{example}")),
            schema,
            import: self.import(&examples),
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

    fn import(&self, examples: &str) -> String {
        let ways = IMPORTS.iter().filter_map(|(file, says)| {
            let code = self.files.get(&format!("{examples}/{file}"))?;
            Some(format!("{says}\n\n{}", template::fence(file, code)))
        });
        let ways: Vec<_> = ways.collect();
        if ways.is_empty() { String::new() } else { format!("## Import\n\n{}", ways.join("\n\n")) }
    }
}

/// The ways to import an object: the example of each, and what is said before it.
const IMPORTS: [(&str, &str); 2] = [
    (
        "import-by-string-id.tf",
        "In Terraform 1.5 and later, an \
         [`import` block](https://developer.hashicorp.com/terraform/language/import) takes the id:",
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
    use crate::sample::Sample;

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
        let offer = Sample::offer();
        check(&pages["index.md"], &Declared::provider::<Sample>().object);
        for resource in &offer.resources {
            let declared = resource.declared();
            check(&pages[&format!("resources/{}.md", declared.name)], &declared.object);
        }
        for data_source in &offer.data_sources {
            let declared = data_source.declared();
            check(&pages[&format!("data-sources/{}.md", declared.name)], &declared.object);
        }
        for function in &offer.functions {
            let page = &pages[&format!("functions/{}.md", function.name)];
            for (n, attribute) in function.object.attributes.iter().enumerate() {
                assert!(page.contains(&format!("\n{}. `{}` (", n + 1, attribute.name)), "{page}");
            }
        }
        let things = offer.resources.len() + offer.data_sources.len() + offer.functions.len();
        assert_eq!(pages.len(), 1 + things);
    }

    #[test]
    fn examples_are_shown() {
        let pages = made(&[
            ("examples/provider/provider.tf", "provider \"sample\" {}\n"),
            ("examples/resources/sample_thing/resource.tf", "a {}\n"),
            ("examples/resources/sample_thing/import.sh", "terraform import b\n"),
            ("examples/resources/sample_thing/import-by-string-id.tf", "import {}\n"),
        ])
        .unwrap();
        let thing = &pages["resources/thing.md"];
        assert!(thing.contains("## Example Usage\n\n```terraform\na {}\n```\n\n## Schema"));
        let import = thing.split("## Import").nth(1).unwrap();
        assert!(import.find("import {}") < import.find("```shell\nterraform import b\n```"));
        assert!(pages["index.md"].contains("```terraform\nprovider \"sample\" {}\n```"));
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
