//! Text with words in double braces, which stand for what is made.

use super::Files;

/// Why the pages cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// Words in braces that stand for nothing.
    #[error("{template}: `{words}` stands for nothing here")]
    Words {
        /// The file.
        template: String,
        /// What stands between the braces.
        words: String,
    },
    /// A file of `examples/` that is not there.
    #[error("{template}: there is no file `{example}`")]
    NoExample {
        /// The file.
        template: String,
        /// What it asks for.
        example: String,
    },
    /// A block of an example that is not there.
    #[error("{template}: `{example}` has no block `{block}`")]
    NoBlock {
        /// The file.
        template: String,
        /// The file with the block.
        example: String,
        /// What it asks for.
        block: String,
    },
    /// Braces that are not closed.
    #[error("{template}: `{{{{` is not closed on its line")]
    Open {
        /// The file.
        template: String,
    },
    /// A template of no page.
    #[error("{template}: there is no such page")]
    NoPage {
        /// The file.
        template: String,
    },
}

/// What is made for a page; empty where there is nothing.
#[derive(Default)]
pub(super) struct Sections {
    pub(super) description: String,
    pub(super) usage: String,
    pub(super) schema: String,
    pub(super) import: String,
}

impl Sections {
    /// The page that has no template.
    pub(super) fn in_order(&self) -> String {
        let all = [&self.description, &self.usage, &self.schema, &self.import];
        let there: Vec<_> =
            all.into_iter().filter(|section| !section.is_empty()).map(String::as_str).collect();
        there.join("\n\n")
    }
}

/// The text of the file `template` with everything in braces replaced.
pub(super) fn expand(
    template: &str,
    text: &str,
    sections: &Sections,
    files: &Files,
) -> Result<String, Error> {
    let template = || template.to_owned();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let (inside, after) =
            after.split_once("}}").ok_or_else(|| Error::Open { template: template() })?;
        if inside.contains('\n') {
            return Err(Error::Open { template: template() });
        }
        let words: Vec<_> = inside.split_whitespace().collect();
        match words.as_slice() {
            ["description"] => out.push_str(&sections.description),
            ["usage"] => out.push_str(&sections.usage),
            ["schema"] => out.push_str(&sections.schema),
            ["import"] => out.push_str(&sections.import),
            ["example", file, header @ ..] => {
                let example = || (*file).to_owned();
                let code = files
                    .get(*file)
                    .ok_or_else(|| Error::NoExample { template: template(), example: example() })?;
                let part = block(code, header).ok_or_else(|| Error::NoBlock {
                    template: template(),
                    example: example(),
                    block: header.join(" "),
                })?;
                out.push_str(&fence(file, &part));
            }
            words => {
                return Err(Error::Words { template: template(), words: words.join(" ") });
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Code as Markdown shows it.
pub(super) fn fence(file: &str, code: &str) -> String {
    let language = match file.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "tf" | "hcl" => "terraform",
        "sh" => "shell",
        other => other,
    };
    format!("```{language}\n{}\n```", code.trim_end())
}

/// The block with this header, `resource sample_thing this` for instance, and the comment right
/// above it; without a header, everything. The code is formatted: a block ends where a line is `}`.
fn block(code: &str, header: &[&str]) -> Option<String> {
    if header.is_empty() {
        return Some(code.to_owned());
    }
    let lines: Vec<_> = code.lines().collect();
    let is_header = |line: &&str| {
        let words = line.strip_suffix('{').unwrap_or_default().split_whitespace();
        words.map(|word| word.trim_matches('"')).eq(header.iter().copied())
    };
    let start = lines.iter().position(is_header)?;
    let (above, below) = lines.split_at_checked(start)?;
    let comment = above.iter().rev().take_while(|line| line.starts_with('#')).count();
    let end = below.iter().position(|line| *line == "}")?;
    Some(lines.get(start - comment..=start + end)?.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\
# The file.

# A thing.
# Ours.
resource \"sample_thing\" \"this\" {
  name = \"a\"
}

output \"id\" {
  value = 1
}
";

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let sections = Sections { schema: "## Schema".to_owned(), ..Sections::default() };
        let files = Files::from([("examples/a.tf".to_owned(), CODE.to_owned())]);
        let found = expand("templates/a.md", text, &sections, &files);
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn words_stand_for_sections() {
        check("a { b } c", Ok("a { b } c"));
        check("a {{schema}} b {{ schema }}.", Ok("a ## Schema b ## Schema."));
        check("{{ import }}", Ok(""));
    }

    #[test]
    fn examples_are_whole_or_one_block() {
        check("{{ example examples/a.tf }}", Ok(&format!("```terraform\n{CODE}```")));
        check(
            "{{ example examples/a.tf resource sample_thing this }}",
            Ok("```terraform\n# A thing.\n# Ours.\nresource \"sample_thing\" \"this\" {\n  \
                name = \"a\"\n}\n```"),
        );
        check(
            "{{ example examples/a.tf output id }}",
            Ok("```terraform\noutput \"id\" {\n  value = 1\n}\n```"),
        );
    }

    #[test]
    fn word_that_stands_for_nothing_is_named() {
        check("{{ shema }}", Err("templates/a.md: `shema` stands for nothing here"));
        check("{{ }}", Err("templates/a.md: `` stands for nothing here"));
        check("{{ schema\n}}", Err("templates/a.md: `{{` is not closed on its line"));
        check("{{ schema", Err("templates/a.md: `{{` is not closed on its line"));
        check("{{ example b.tf }}", Err("templates/a.md: there is no file `b.tf`"));
        check(
            "{{ example examples/a.tf output ids }}",
            Err("templates/a.md: `examples/a.tf` has no block `output ids`"),
        );
    }
}
