//! Running one command after another, saying which and how long it took.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Result, ensure, root};

/// The steps of a task. The first that fails ends it.
#[derive(Default)]
pub(crate) struct Steps {
    took: Vec<(&'static str, Duration)>,
    /// What `cargo test` says at the end of each of its programs.
    summaries: Vec<String>,
    /// What was left out.
    warnings: Vec<&'static str>,
}

impl Steps {
    /// Runs the steps that `task` takes and closes with how long each took, with the summary lines
    /// of `cargo test` where tests ran, and with what was left out.
    pub(crate) fn run(task: impl FnOnce(&mut Self) -> Result) -> Result {
        let mut steps = Self::default();
        let result = task(&mut steps);
        println!();
        for (name, took) in &steps.took {
            println!("{name:<24} {:>7.1} s", took.as_secs_f64());
        }
        for line in steps.summaries.iter().map(String::as_str).chain(steps.warnings) {
            println!("{line}");
        }
        result
    }

    /// One command; `remedy` says what to do when it fails.
    pub(crate) fn command(
        &mut self,
        name: &'static str,
        command: &mut Command,
        remedy: &str,
    ) -> Result {
        println!("\n▸ {}", line(command));
        self.timed(name, |steps| {
            let mut child = command.current_dir(root()).stdout(Stdio::piped()).spawn()?;
            if let Some(output) = child.stdout.take() {
                steps.pass_on(BufReader::new(output), std::io::stdout())?;
            }
            ensure(child.wait()?.success(), format!("{name} failed: {remedy}"))
        })
    }

    /// One step that is not a command.
    pub(crate) fn function(&mut self, name: &'static str, step: impl FnOnce() -> Result) -> Result {
        println!("\n▸ {name}");
        self.timed(name, |_| step())
    }

    /// Says that something was left out, at once and again at the end.
    pub(crate) fn warn(&mut self, text: &'static str) {
        println!("\n{text}");
        self.warnings.push(text);
    }

    fn timed(&mut self, name: &'static str, step: impl FnOnce(&mut Self) -> Result) -> Result {
        let start = Instant::now();
        let result = step(self);
        self.took.push((name, start.elapsed()));
        result
    }

    /// Shows everything as it comes, but keeps the summaries of `cargo test` for the very end.
    fn pass_on(&mut self, output: impl BufRead, mut shown: impl Write) -> Result {
        for line in output.split(b'\n') {
            let line = line?;
            if line.starts_with(b"test result: ") {
                self.summaries.push(String::from_utf8_lossy(&line).into_owned());
            } else {
                shown.write_all(&line)?;
                shown.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}

/// `cargo` with these arguments, in the repository.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(arguments.split_whitespace());
    command
}

/// Runs a command that is no step. What it prints is shown.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status()?;
    ensure(status.success(), format!("`{}` failed; its message stands above", line(command)))
}

/// Builds the provider and the sandbox as users have them, without what tests add.
pub(crate) fn build_programs() -> Command {
    cargo("build -p terraform-provider-tke -p tke-sandbox")
}

/// A command as one would type it.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_summaries_are_shown_at_the_end() {
        let mut steps = Steps::default();
        let mut shown = Vec::new();
        let output = "test a ... ok\n\ntest result: ok. 1 passed\n";
        steps.pass_on(output.as_bytes(), &mut shown).unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), "test a ... ok\n\n");
        assert_eq!(steps.summaries, ["test result: ok. 1 passed"]);
    }

    #[test]
    fn failed_step_says_what_to_do() {
        let mut steps = Steps::default();
        let error = steps.command("false", &mut Command::new("false"), "try true").unwrap_err();
        assert_eq!(error.to_string(), "false failed: try true");
        assert_eq!(steps.took.len(), 1);
    }

    #[test]
    fn command_is_shown_as_typed() {
        assert_eq!(line(&cargo("fmt --all")), "cargo fmt --all");
    }
}
