//! Where in a resource: the way from its root to one attribute or element.

use std::fmt;

/// A way into a value, empty at the root.
///
/// It prints as a Terraform user would write it: `rules[0].port`, `tags["team"]`.
/// There is no step for an element of a set, since it has no name: a path stops at the set.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an attribute of an object.
    Attribute(String),
    /// Into an element of a map.
    Key(String),
    /// Into an element of a list.
    Index(i64),
}

impl Path {
    /// The whole value.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// One step further, into an attribute.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// One step further, into an element of a map.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// One step further, into an element of a list.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.step(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// One step further.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// The same way, seen from one step further out.
    #[must_use]
    pub fn within(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the whole value.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

/// Attribute names, parted by dots: `"name"`, `"network.pod_cidr"`.
impl From<&str> for Path {
    fn from(names: &str) -> Self {
        Self(names.split('.').map(|name| Step::Attribute(name.to_owned())).collect())
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if depth == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &Path, expected: &str) {
        assert_eq!(path.to_string(), expected);
    }

    #[test]
    fn prints_as_terraform_writes_it() {
        check(&Path::root(), "");
        check(&"name".into(), "name");
        check(&"network.pod_cidr".into(), "network.pod_cidr");
        check(&Path::from("rules").index(0).attribute("port"), "rules[0].port");
        check(&Path::from("tags").key("a \"b\""), r#"tags["a \"b\""]"#);
    }

    #[test]
    fn within_adds_at_the_front() {
        check(
            &Path::root().attribute("port").within(Step::Index(2)).within(Step::Key("a".into())),
            r#"["a"][2].port"#,
        );
    }
}
