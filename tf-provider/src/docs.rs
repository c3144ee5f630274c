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

use crate::lifecycle::Declared;
use crate::provider::Provider;

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
    book.guides(pages)
}

/// A kind of things that have one page each.
struct Shelf {
    folder: &'static str,
    title: &'static str,
    example: &'static str,
}

const RESOURCES: Shelf = Shelf { folder: "resources", title: "Resource", example: "resource.tf" };
const DATA_SOURCES: Shelf =
    Shelf { folder: "data-sources", title: "Data Source", example: "data-source.tf" };

struct Book<'a> {
    provider: &'static str,
    files: &'a Files,
}

impl Book<'_> {
    fn index(&self, declared: &Declared) -> Result<Page, Error> {
        let provider = self.provider;
        let sections = Sections {
            description: declared.object.doc.clone(),
            usage: self.usage("examples/provider/provider.tf"),
            schema: schema::section(declared),
            import: String::new(),
        };
        let front = front_matter(&format!("{provider} Provider"), None, &sections.description);
        self.finish("index.md".to_owned(), &front, &format!("# {provider} Provider"), &sections)
    }

    fn thing(&self, shelf: &Shelf, declared: &Declared) -> Result<Page, Error> {
        let Shelf { folder, title, example } = shelf;
        let name = format!("{}_{}", self.provider, declared.name);
        let examples = format!("examples/{folder}/{name}");
        let sections = Sections {
            description: declared.object.doc.clone(),
            usage: self.usage(&format!("{examples}/{example}")),
            schema: schema::section(declared),
            import: self.import(&examples),
        };
        let page_title = format!("{name} {title} - {}", self.provider);
        let front = front_matter(&page_title, Some(""), &sections.description);
        let path = format!("{folder}/{}.md", declared.name);
        self.finish(path, &front, &format!("# {name} ({title})"), &sections)
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
        Ok(Page { path, text: format!("{front}\n{title}\n\n{}\n", body.trim()) })
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
        "An [`import` block](https://developer.hashicorp.com/terraform/language/import) names the \
         object by its id (Terraform 1.5 or later):",
    ),
    (
        "import.sh",
        "So does [`terraform import`](https://developer.hashicorp.com/terraform/cli/commands/import):",
    ),
];

/// What a registry reads of a page.
fn front_matter(title: &str, subcategory: Option<&str>, description: &str) -> String {
    let subcategory =
        subcategory.map_or_else(String::new, |name| format!("subcategory: \"{name}\"\n"));
    let first = description.split("\n\n").next().unwrap_or_default();
    let plain = first.replace('`', "").replace('\n', "\n  ");
    format!(
        "---\n# Made from the declarations of the provider, from examples/ and from templates/. Do \
         not edit.\npage_title: \"{title}\"\n{subcategory}description: |-\n  {plain}\n---\n"
    )
}
