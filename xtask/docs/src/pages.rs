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

use tf_provider::{
    Provider,
    describe::{Description, Kind, describe},
    schema::Object,
};

pub(crate) use self::template::Error;
use self::template::Sections;

/// The text files of `examples/` and `templates/`, by their path from the folder that holds both.
pub(crate) type Files = BTreeMap<String, String>;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Where it is in the folder `docs`.
    pub(crate) path: String,
    /// What it says, in Markdown.
    pub(crate) text: String,
}

/// All pages of a provider.
pub(crate) fn pages<P: Provider>(files: &Files) -> Result<Vec<Page>, Error> {
    let book = Book { provider: P::NAME, files };
    let pages = describe::<P>().iter().map(|one| book.page(one)).collect::<Result<_, _>>()?;
    book.guides(pages)
}

struct Book<'a> {
    provider: &'static str,
    files: &'a Files,
}

impl Book<'_> {
    fn page(&self, one: &Description) -> Result<Page, Error> {
        let schema = schema::section(one);
        let description = description(&one.object);
        if one.kind == Kind::Provider {
            let title = format!("{} Provider", self.provider);
            let usage = self.usage("examples/provider/provider.tf");
            let sections = Sections { description, usage, schema, import: String::new() };
            let front = front_matter(&title, None, &one.object.doc);
            return self.finish("index.md".to_owned(), &front, &title, &sections);
        }
        let (name, folder, title) = (&one.full_name, folder(one.kind), title(one.kind));
        let examples = format!("examples/{folder}/{name}");
        let sections = Sections {
            description,
            usage: self.usage(&format!("{examples}/{}", example(one.kind))),
            schema,
            import: self.import(&examples, one.identity.as_ref().map(schema::identity)),
        };
        let page_title = format!("{name} {title} - {}", self.provider);
        let front = front_matter(&page_title, Some(""), &one.object.doc);
        let path = format!("{folder}/{}.md", one.name);
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

/// The folder of the pages of a kind, and of their examples.
fn folder(kind: Kind) -> String {
    format!("{}s", kind.noun().replace(' ', "-"))
}

/// The file that shows how one is used.
fn example(kind: Kind) -> String {
    let extension = if kind == Kind::ListResource { "tfquery.hcl" } else { "tf" };
    format!("{}.{extension}", kind.noun().replace(' ', "-"))
}

fn title(kind: Kind) -> String {
    kind.noun().split(' ').map(capital).collect::<Vec<_>>().join(" ")
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

/// The same sentence with a capital letter first.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use tf_provider::{
        Action, Components, ConfigureCx, Cx, DataSource, Ephemeral, Found, Function, Identity,
        Import, Lease, List, Model, Partial, Resource,
    };

    use super::*;

    /// One of each kind, of a provider and of whatever else it is.
    #[derive(Model)]
    struct Thing {
        /// A name.
        name: String,
        /// Parts.
        parts: Option<Vec<Part>>,
    }

    /// A part.
    #[derive(Model)]
    struct Part {
        /// A width.
        width: u8,
    }

    /// Which thing.
    #[derive(Model)]
    struct ThingId {
        /// Identifier of the thing.
        id: String,
    }

    impl Identity for ThingId {}

    impl Resource for Thing {
        const NAME: &'static str = "thing";
        type Client = ();
        type Identity = ThingId;

        async fn create(self, _: &Cx<()>) -> tf_provider::Result<Self> {
            Ok(self)
        }

        async fn read(self, _: &Cx<()>) -> tf_provider::Result<Option<Self>> {
            Ok(None)
        }

        async fn update(self, _: Self, _: &Cx<()>) -> tf_provider::Result<Self> {
            Ok(self)
        }

        async fn delete(self, _: &Cx<()>) -> tf_provider::Result<()> {
            Ok(())
        }

        async fn import(_: Import<ThingId>, _: &Cx<()>) -> tf_provider::Result<Option<Self>> {
            Ok(None)
        }
    }

    impl DataSource for Thing {
        const NAME: &'static str = "thing";
        type Client = ();

        async fn read(self, _: &Cx<()>) -> tf_provider::Result<Self> {
            Ok(self)
        }
    }

    impl Ephemeral for Thing {
        const NAME: &'static str = "token";
        type Client = ();
        type Private = ();

        async fn open(self, _: &Cx<()>) -> tf_provider::Result<(Self, Lease<()>)> {
            Ok((self, Lease::default()))
        }
    }

    impl List for Part {
        type Resource = Thing;

        async fn list(self, _: &Found<Thing>, _: &Cx<()>) -> tf_provider::Result<()> {
            Ok(())
        }
    }

    impl Action for Thing {
        const NAME: &'static str = "ring";
        type Client = ();

        async fn invoke(self, _: &Cx<()>) -> tf_provider::Result<()> {
            Ok(())
        }
    }

    impl Function for Part {
        const NAME: &'static str = "join";
        type Output = String;

        fn call(self) -> tf_provider::Result<String> {
            Ok(String::new())
        }
    }

    struct Sample;

    impl Provider for Sample {
        const NAME: &'static str = "sample";
        const SOURCE: &'static str = "tests/sample";
        type Config = Thing;
        type Client = ();

        async fn configure(_: Partial<Thing>, _: &ConfigureCx) -> tf_provider::Result<()> {
            Ok(())
        }

        fn components() -> Components<()> {
            Components::new()
                .resource::<Thing>()
                .data_source::<Thing>()
                .ephemeral::<Thing>()
                .list::<Part>()
                .action::<Thing>()
                .function::<Part>()
        }
    }

    fn made(files: &[(&str, &str)]) -> Result<BTreeMap<String, String>, Error> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let pages = pages::<Sample>(&files.collect())?;
        Ok(pages.into_iter().map(|page| (page.path, page.text)).collect())
    }

    #[test]
    fn every_component_has_a_page_and_every_attribute_a_line() {
        #[track_caller]
        fn check(page: &str, object: &Object) {
            for attribute in &object.attributes {
                let line = format!(" `{}` (", attribute.name);
                assert!(page.contains(&line), "{} is not in\n{page}", attribute.name);
                if let Some((_, nested)) = attribute.kind.objects() {
                    check(page, nested);
                }
            }
        }
        let pages = made(&[]).unwrap();
        let all = describe::<Sample>();
        assert_eq!(pages.len(), all.len());
        check(&pages["index.md"], &all[0].object);
        for one in &all[1..] {
            let page = &pages[&format!("{}/{}.md", folder(one.kind), one.name)];
            assert!(page.contains(&format!("\n# {} ({})\n", one.full_name, title(one.kind))));
            check(page, &one.object);
            let identity = page.split_once("## Import\n\n### Identity Schema\n");
            assert_eq!(identity.is_some(), one.identity.is_some(), "{page}");
            if let (Some((_, part)), Some(identity)) = (identity, &one.identity) {
                check(part, identity);
            }
        }
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
