//! The few things this program wants from a `Cargo.toml`.
#![forbid(unsafe_code)]

/// The `key = value` lines of the table `[name]`, comments dropped; values as they are written.
///
/// Not a TOML parser: values that go over several lines yield their first line only.
pub(crate) fn table<'a>(text: &'a str, name: &str) -> Vec<(&'a str, &'a str)> {
    let head = format!("[{name}]");
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') && line.ends_with(']') {
            inside = line == head;
        } else if inside
            && !line.starts_with('#')
            && let Some((key, value)) = line.split_once('=')
        {
            found.push((key.trim(), value.trim()));
        }
    }
    found
}

/// The text of `key` in `[name]`, without its quotes.
pub(crate) fn text<'a>(manifest: &'a str, name: &str, key: &str) -> Option<&'a str> {
    let (_, value) = table(manifest, name).into_iter().find(|(found, _)| *found == key)?;
    value.strip_prefix('"')?.split('"').next()
}

/// The names of all `[[bin]]` tables.
pub(crate) fn bins(manifest: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for part in manifest.split("[[bin]]").skip(1) {
        let own = part.split("\n[").next().unwrap_or("");
        let name = own.lines().find_map(|line| line.trim().strip_prefix("name"));
        found.extend(name.and_then(|rest| rest.split('"').nth(1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[package]\nname = \"a\" # why\nrust-version.workspace = true\n[features]\n# one\n\
        default = [\"b\"]\nb = []\n[[bin]]\nname = \"c\"\npath = \"c.rs\"\n\n[[bin]]\npath = \"d.rs\"\nname = \"d\"\n";

    #[test]
    fn tables() {
        assert_eq!(text(TEXT, "package", "name"), Some("a"));
        assert_eq!(text(TEXT, "package", "rust-version"), None);
        assert_eq!(table(TEXT, "features"), [("default", "[\"b\"]"), ("b", "[]")]);
        assert_eq!(bins(TEXT), ["c", "d"]);
    }
}
