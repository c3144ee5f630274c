//! What goes wrong when it is asked to.

use std::{fmt, str::FromStr, time::Duration};

use tf_provider::{Cx, Diagnostic, Result};

use crate::store::Store;

/// One fault: what happens, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    what: What,
    when: When,
    operation: Operation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Panic,
    Error,
    /// Takes a minute, and ends early when it is told to.
    Slow,
    /// Takes a minute whatever it is told.
    Hang,
    /// The service makes of it what nobody wanted.
    Change,
}

/// Before or after the service has done it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

const WHATS: [(&str, What); 5] = [
    ("panic", What::Panic),
    ("error", What::Error),
    ("slow", What::Slow),
    ("hang", What::Hang),
    ("change", What::Change),
];
const WHENS: [(&str, When); 2] = [("before", When::Before), ("after", When::After)];
const OPERATIONS: [(&str, Operation); 3] =
    [("create", Operation::Create), ("update", Operation::Update), ("delete", Operation::Delete)];

impl Fault {
    /// Whether the service is to make something else of this.
    pub(crate) fn changes(self, operation: Operation) -> bool {
        self.what == What::Change && self.operation == operation
    }

    /// Goes wrong if it is time to.
    pub(crate) async fn strike(
        self,
        when: When,
        operation: Operation,
        cx: &Cx<Store>,
    ) -> Result<()> {
        if (self.when, self.operation) != (when, operation) {
            return Ok(());
        }
        let minute = tokio::time::sleep(Duration::from_mins(1));
        match self.what {
            What::Panic => {
                #[expect(clippy::panic, reason = "that is what it is for")]
                {
                    panic!("told to")
                }
            }
            What::Error => Err(Diagnostic::error("told to fail")
                .detail(format!("`{self}` was asked for."))
                .into()),
            What::Slow => {
                cx.client().wait()?;
                tokio::select! {
                    () = minute => Ok(()),
                    () = cx.cancelled().cancelled() => Err(Diagnostic::error("stopped").into()),
                }
            }
            What::Hang => {
                cx.client().wait()?;
                minute.await;
                Ok(())
            }
            What::Change => Ok(()),
        }
    }
}

/// Text that names no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaultError;

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault reads like `panic after create`")
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut words = text.split(' ');
        let fault = Self {
            what: named(&WHATS, words.next())?,
            when: named(&WHENS, words.next())?,
            operation: named(&OPERATIONS, words.next())?,
        };
        if words.next().is_none() { Ok(fault) } else { Err(FaultError) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, when, operation } = *self;
        let words = [name(&WHATS, what), name(&WHENS, when), name(&OPERATIONS, operation)];
        f.write_str(&words.join(" "))
    }
}

fn named<T: Copy>(names: &[(&str, T)], word: Option<&str>) -> Result<T, FaultError> {
    let found = names.iter().find(|(name, _)| Some(*name) == word);
    found.map(|(_, value)| *value).ok_or(FaultError)
}

fn name<'n, T: Copy + PartialEq>(names: &[(&'n str, T)], value: T) -> &'n str {
    names.iter().find(|(_, named)| *named == value).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_is_parsed_and_printed() {
        for text in ["panic after create", "slow before delete", "change after update"] {
            assert_eq!(text.parse::<Fault>().map(|fault| fault.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "panic", "panic after", "panic after create now", "after panic create"] {
            assert_eq!(text.parse::<Fault>(), Err(FaultError), "{text}");
        }
    }
}
