//! Terraform in a folder of its own.

use std::{
    cell::RefCell,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Plan, poll};

/// Terraform, or a program that stands in for it, in a folder of its own; it knows nothing else of
/// this machine.
///
/// When a test fails, everything that Terraform printed is shown.
#[derive(Debug)]
pub struct Terraform {
    folder: TempDir,
    program: PathBuf,
    environment: Vec<(String, String)>,
    limit: Duration,
    transcript: RefCell<String>,
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub struct Printed {
    /// Whether it exited with 0.
    pub success: bool,
    /// Standard output and standard error, as they came.
    pub text: String,
}

impl Terraform {
    /// `program`, which finds the provider of this source address in the folder `provider`.
    pub fn new(program: impl Into<PathBuf>, source: &str, provider: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"{source}\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
            provider.display(),
        );
        let file = folder.path().join("terraform.tfrc");
        fs::write(&file, settings).expect("the folder can be written to");
        let environment = vec![
            ("TF_CLI_CONFIG_FILE".to_owned(), file.display().to_string()),
            ("CHECKPOINT_DISABLE".to_owned(), "1".to_owned()),
        ];
        let limit = Duration::from_mins(5);
        Self { folder, program: program.into(), environment, limit, transcript: RefCell::default() }
    }

    /// The folder that Terraform runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sets a variable of Terraform's environment.
    pub fn set(&mut self, key: &str, value: &str) {
        self.unset(key);
        self.environment.push((key.to_owned(), value.to_owned()));
    }

    /// Removes a variable of Terraform's environment.
    pub fn unset(&mut self, key: &str) {
        self.environment.retain(|(name, _)| name != key);
    }

    /// Sets how long a command may take: a longer one is killed and fails the test.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Writes a file into Terraform's folder.
    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.folder().join(file), text).expect("the folder can be written to");
    }

    /// Removes a file from Terraform's folder.
    pub fn remove(&self, file: &str) {
        fs::remove_file(self.folder().join(file)).expect("the file is there");
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub fn run(&self, arguments: &str) -> String {
        let printed = self.try_run(arguments);
        assert!(printed.success, "`terraform {arguments}` failed:\n{}", printed.text);
        printed.text
    }

    /// Applies without asking.
    #[track_caller]
    pub fn apply(&self) -> String {
        self.run("apply -auto-approve -input=false -no-color")
    }

    /// Applies whatever comes of it, and tells whether it succeeded.
    pub fn try_apply(&self) -> bool {
        self.try_run("apply -auto-approve -input=false -no-color").success
    }

    /// Destroys without asking.
    #[track_caller]
    pub fn destroy(&self) {
        self.run("destroy -auto-approve -input=false -no-color");
    }

    /// Plans, and reads the plan as data too.
    #[track_caller]
    pub fn plan(&self) -> Plan {
        let text = self.run("plan -input=false -no-color -out=plan");
        let json = self.json("show -json plan");
        Plan { text, json }
    }

    /// Applies the plan that was made last.
    #[track_caller]
    pub fn apply_plan(&self) {
        self.run("apply -input=false -no-color plan");
    }

    /// Plans, and asserts that there is nothing to do.
    #[track_caller]
    pub fn assert_no_changes(&self) {
        let text = self.run("plan -input=false -no-color");
        assert!(text.contains("No changes."), "changes are planned:\n{text}");
    }

    /// The attributes of a resource in the state; null when it is not there.
    #[track_caller]
    pub fn attributes(&self, address: &str) -> Value {
        let state = self.json("show -json");
        let resources = state["values"]["root_module"]["resources"].as_array().cloned();
        let mut resources = resources.unwrap_or_default().into_iter();
        let resource = resources.find(|resource| resource["address"] == address);
        resource.map_or(Value::Null, |resource| resource["values"].clone())
    }

    /// The schemas that the provider tells Terraform.
    #[track_caller]
    pub fn schemas(&self) -> Value {
        self.json("providers schema -json")
    }

    /// The errors of `terraform plan`, which must fail.
    #[track_caller]
    pub fn plan_errors(&self) -> String {
        self.errors("plan -json -input=false")
    }

    /// The errors of `terraform apply`, which must fail.
    #[track_caller]
    pub fn apply_errors(&self) -> String {
        self.errors("apply -json -auto-approve -input=false")
    }

    /// The errors of a command that prints JSON lines and must fail.
    ///
    /// Diagnostics are read as data: what people see is wrapped to the width of their terminal.
    #[track_caller]
    pub fn errors(&self, arguments: &str) -> String {
        let printed = self.try_run(arguments);
        assert!(!printed.success, "`terraform {arguments}` did not fail:\n{}", printed.text);
        diagnostics(&printed.text, "error")
    }

    /// The warnings of `terraform plan`, which must succeed.
    #[track_caller]
    pub fn plan_warnings(&self) -> String {
        diagnostics(&self.run("plan -json -input=false"), "warning")
    }

    /// Starts a command without waiting for it; see [`Terraform::finish`].
    pub fn start(&self, arguments: &str) -> Child {
        let output = File::create(self.folder().join("output.log")).expect("a log can be made");
        let errors = output.try_clone().expect("a log can be shared");
        let mut command = Command::new(&self.program);
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder())
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdout(output)
            .stderr(errors);
        command.spawn().expect("Terraform can be started; `cargo xtask acceptance` finds it")
    }

    /// Waits until a command that was started has printed something.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let came = poll(Duration::from_secs(30), || self.output().contains(text).then_some(()));
        assert!(came.is_some(), "no `{text}` came:\n{}", self.output());
    }

    /// Waits for a command that was started, and tells whether it succeeded.
    #[track_caller]
    pub fn finish(&self, process: &mut Child) -> bool {
        let ended = || process.try_wait().expect("Terraform can be waited for");
        let status = poll(self.limit, ended);
        self.transcript.borrow_mut().push_str(&self.output());
        if status.is_none() {
            process.kill().expect("Terraform can be killed");
        }
        status.expect("Terraform ends within its limit").success()
    }

    /// Runs a command, whatever comes of it.
    #[track_caller]
    pub fn try_run(&self, arguments: &str) -> Printed {
        self.transcript.borrow_mut().extend(["\n$ terraform ", arguments, "\n"]);
        let success = self.finish(&mut self.start(arguments));
        Printed { success, text: self.output() }
    }

    #[track_caller]
    fn json(&self, arguments: &str) -> Value {
        let text = self.run(arguments);
        let json = text.lines().find(|line| line.starts_with('{'));
        let parsed = json.and_then(|json| serde_json::from_str(json).ok());
        parsed.expect("this command prints JSON")
    }

    fn output(&self) -> String {
        let output = fs::read(self.folder().join("output.log")).unwrap_or_default();
        String::from_utf8_lossy(&output).into_owned()
    }
}

impl Drop for Terraform {
    #[expect(clippy::print_stderr, reason = "the harness shows it with the test that failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.transcript.borrow());
        }
    }
}

/// The diagnostics of one severity among the JSON lines that Terraform printed.
fn diagnostics(lines: &str, severity: &str) -> String {
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let diagnostics = lines.map(|line| line["diagnostic"].clone());
    let texts = diagnostics.filter(|found| found["severity"] == severity).map(|found| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = [text(&found["address"]), text(&found["snippet"]["code"]).trim().to_owned()];
        let place =
            place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        format!("{}\n  at {place}\n{}\n", text(&found["summary"]), text(&found["detail"]))
    });
    // Terraform overrides are its own business, and resources fail in any order.
    let mut texts: Vec<_> = texts.filter(|text| !text.contains("development overrides")).collect();
    texts.sort();
    texts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_are_read_from_json_lines() {
        let lines = r#"Not JSON.
            {"type": "version"}
            {"diagnostic": {"severity": "warning", "summary": "w", "detail": "d"}}
            {"diagnostic": {"severity": "error", "summary": "s", "detail": "d",
            "address": "a.b", "snippet": {"code": "  port = 1"}}}"#
            .replace(",\n", ",");
        assert_eq!(diagnostics(&lines, "error"), "s\n  at a.b: port = 1\nd\n");
        assert_eq!(diagnostics(&lines, "warning"), "w\n  at \nd\n");
    }
}
