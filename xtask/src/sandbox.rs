//! The sandbox as a program of its own, and what happens in it without Terraform.

use std::{
    fs::File,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Result, ensure, http, target};

/// The one user of the sandbox's cluster.
const AUTHORIZATION: (&str, &str) = ("Authorization", "Bearer sandbox-token");

/// A running sandbox. It ends with this value, unless it is told to [`Sandbox::live_on`].
pub(crate) struct Sandbox {
    process: Option<Child>,
    url: String,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    /// Starts the sandbox, which keeps its environment and its log in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let file = folder.join("sandbox.env");
        let log = folder.join("sandbox.log");
        let process = Command::new(target()?.join("debug/tke-sandbox"))
            .args(["--listen", "127.0.0.1:0", "--env-file"])
            .arg(&file)
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            // A Ctrl-C must reach Terraform first: it still has calls to finish.
            .process_group(0)
            .spawn()?;
        let mut sandbox = Self { process: Some(process), url: String::new(), environment: vec![] };
        for _ in 0..200 {
            sandbox.environment = exports(&std::fs::read_to_string(&file).unwrap_or_default());
            if let Some((_, url)) =
                sandbox.environment.iter().find(|(key, _)| key == "TKE_ENDPOINT")
            {
                sandbox.url = url.clone();
                return Ok(sandbox);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the sandbox did not start: {}", std::fs::read_to_string(&log)?).into())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What points Terraform at the sandbox.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Everything that the cloud and the cluster hold.
    pub(crate) fn state(&self) -> Result<Value> {
        http::send(&self.url, "GET /_sandbox/state", &[], &Value::Null)
    }

    /// The requests so far, oldest first.
    pub(crate) fn log(&self) -> Result<Vec<Value>> {
        let log = http::send(&self.url, "GET /_sandbox/log", &[], &Value::Null)?;
        Ok(serde_json::from_value(log)?)
    }

    pub(crate) fn clear_log(&self) -> Result {
        http::send(&self.url, "DELETE /_sandbox/log", &[], &Value::Null).map(drop)
    }

    /// A cloud call that somebody makes outside Terraform.
    pub(crate) fn call(&self, action: &str, payload: &Value) -> Result<Value> {
        let call = json!({
            "service": "vpc", "action": action, "region": "ap-guangzhou", "payload": payload,
        });
        let headers = [("Content-Type", "application/json")];
        let answer = http::send(&self.url, "POST /_sandbox/call", &headers, &call)?;
        let response = answer["Response"].clone();
        ensure(response["Error"].is_null(), format!("{action}: {}", response["Error"]))?;
        Ok(response)
    }

    /// An object of the cluster.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        http::send(&self.url, &format!("GET {path}"), &[AUTHORIZATION], &Value::Null)
    }

    /// A change in the cluster as `kubectl edit` makes it.
    pub(crate) fn edit(&self, object: &str, patch: &Value) -> Result<Value> {
        let headers = [AUTHORIZATION, ("Content-Type", "application/merge-patch+json")];
        let request = format!("PATCH {object}?fieldManager=kubectl-edit");
        http::send(&self.url, &request, &headers, patch)
    }

    /// Leaves the sandbox running after this program and tells its process id.
    pub(crate) fn live_on(mut self) -> Option<u32> {
        self.process.take().map(|process| process.id())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have ended by itself, and then there is nothing left to do.
            _ = process.kill();
            _ = process.wait();
        }
    }
}

/// The `export KEY=value` lines of a file.
fn exports(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("export "));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.trim_matches(['\'', '"']).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_read() {
        let text = "ready\nexport A=b\nexport URL='http://127.0.0.1:1'\n";
        let expected = [("A", "b"), ("URL", "http://127.0.0.1:1")];
        let found = exports(text);
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
