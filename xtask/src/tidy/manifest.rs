//! What a `Cargo.toml` declares, as far as tidy asks.

/// The packages that a manifest depends on, in tables whose name passes.
pub(super) fn dependencies(manifest: &str, table: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = table(header);
            // `[dependencies.name]` is a table of its own.
            if let Some((section, name)) = header.rsplit_once('.')
                && table(section)
            {
                found.push(name);
            }
        } else if inside && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next();
            found.extend(name.filter(|name| !name.is_empty()));
        }
    }
    found
}

/// Whether a manifest has this table.
pub(super) fn has_table(manifest: &str, table: &str) -> bool {
    manifest.lines().any(|line| line.trim() == format!("[{table}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_found_in_every_form() {
        let manifest = "[package]\nname = \"p\"\n[dependencies]\n# b = 1\na.workspace = true\n\
                        b = { path = \"../b\" }\n\n[dependencies.c]\npath = \"c\"\n\
                        [dev-dependencies]\nd = \"1\"\n";
        assert_eq!(dependencies(manifest, |table| table == "dependencies"), ["a", "b", "c"]);
        assert_eq!(dependencies(manifest, |table| table == "dev-dependencies"), ["d"]);
    }

    #[test]
    fn table_is_found_by_its_whole_name() {
        assert!(has_table("[features]\n", "features"));
        assert!(!has_table("[features.x]\n", "features"));
    }
}
