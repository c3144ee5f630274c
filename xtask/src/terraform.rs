//! Terraform or `OpenTofu`, run in a folder of its own with nothing of this machine's settings.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{Result, tools};

/// Which program a task runs.
#[derive(clap::Args)]
pub(crate) struct Choice {
    /// What to run: terraform, tofu or a path. Without it, whichever is found first.
    #[arg(long = "bin", value_name = "PROGRAM")]
    program: Option<String>,
}

impl Choice {
    /// The program. `OpenTofu` is built where it is wanted, or nothing else is there.
    pub(crate) fn find(&self) -> Result<PathBuf> {
        match self.program.as_deref() {
            None => match ["terraform", "tofu"].into_iter().find_map(tools::in_path) {
                Some(program) => Ok(program),
                None => tools::build_opentofu(),
            },
            Some("tofu") => tools::in_path("tofu").map_or_else(tools::build_opentofu, Ok),
            Some(name) if !name.contains('/') => {
                tools::in_path(name).ok_or_else(|| format!("`{name}` is not in PATH").into())
            }
            Some(path) => match Path::new(path).canonicalize() {
                Ok(program) => Ok(program),
                Err(error) => Err(format!("`--bin {path}`: {error}").into()),
            },
        }
    }
}

/// Terraform in one folder.
pub(crate) struct Terraform {
    program: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, String)>,
    /// Somebody pressed Ctrl-C, or asked this program to end.
    interrupted: Arc<AtomicBool>,
}

/// What a Terraform command printed, and how it ended.
pub(crate) struct Printed {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

impl Terraform {
    /// Terraform in `folder`, which takes providers from the folder `provider` and what it is
    /// pointed at from `environment`.
    pub(crate) fn new(
        program: PathBuf,
        folder: &Path,
        provider: &Path,
        environment: &[(String, String)],
    ) -> Result<Self> {
        let config = folder.join("terraform.tfrc");
        fs::write(
            &config,
            format!(
                "provider_installation {{\n  dev_overrides {{\n    \
                 \"registry.terraform.io/terraform-provider-tke/tke\" = \"{provider}\"\n    \
                 \"registry.terraform.io/terraform-provider-tke/kitchen\" = \"{provider}\"\n  }}\n  \
                 direct {{}}\n}}\n",
                provider = provider.display()
            ),
        )?;
        let mut environment = environment.to_vec();
        environment.push(("TF_CLI_CONFIG_FILE".into(), config.display().to_string()));
        environment.push(("CHECKPOINT_DISABLE".into(), "1".into()));

        let interrupted = Arc::default();
        signal_hook::flag::register(SIGINT, Arc::clone(&interrupted))?;
        signal_hook::flag::register(SIGTERM, Arc::clone(&interrupted))?;
        Ok(Self { program, folder: folder.to_owned(), environment, interrupted })
    }

    /// What a shell needs to run the same commands by hand.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Runs a command that must succeed.
    pub(crate) fn run(&self, arguments: &str) -> Result<String> {
        let printed = self.try_run(arguments)?;
        match printed.code {
            Some(0) => Ok(printed.text),
            _ => Err(self.failure(arguments, &printed)),
        }
    }

    /// Plans into the file `plan` and tells whether there is anything to change.
    pub(crate) fn plan(&self) -> Result<(bool, String)> {
        let arguments = "plan -input=false -no-color -detailed-exitcode -out=plan";
        let printed = self.try_run(arguments)?;
        match printed.code {
            Some(0) => Ok((false, printed.text)),
            Some(2) => Ok((true, printed.text)),
            _ => Err(self.failure(arguments, &printed)),
        }
    }

    /// The last plan as data.
    pub(crate) fn planned(&self) -> Result<Value> {
        let text = self.run("show -json plan")?;
        let json = text.lines().find(|line| line.starts_with('{'));
        Ok(serde_json::from_str(json.ok_or("`terraform show -json` printed no JSON")?)?)
    }

    /// The process of a command that runs on its own.
    pub(crate) fn spawn(&self, arguments: &str, output: &Path) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .args(arguments.split_whitespace())
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdout(File::create(output)?)
            .stderr(File::options().append(true).open(output)?)
            // Ctrl-C comes to this program, which passes it on once and waits.
            .process_group(0);
        Ok(command.spawn()?)
    }

    fn try_run(&self, arguments: &str) -> Result<Printed> {
        let output = self.folder.join("terraform.log");
        let mut process = self.spawn(arguments, &output)?;
        let code = self.wait(&mut process)?;
        Ok(Printed { code, text: fs::read_to_string(output)? })
    }

    fn wait(&self, process: &mut Child) -> Result<Option<i32>> {
        let mut polls_left = None;
        loop {
            if let Some(status) = process.try_wait()? {
                return match polls_left {
                    None => Ok(status.code()),
                    Some(_) => Err("interrupted; everything was stopped".into()),
                };
            }
            match &mut polls_left {
                None if self.interrupted.load(Ordering::Relaxed) => {
                    Command::new("kill").args(["-INT", &process.id().to_string()]).status()?;
                    polls_left = Some(500);
                }
                Some(0) => process.kill()?,
                Some(polls) => *polls -= 1,
                None => {}
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn failure(&self, arguments: &str, printed: &Printed) -> Box<dyn std::error::Error> {
        let program = self.program.display();
        format!("`{program} {arguments}` failed. It printed:\n\n{}", printed.text).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(program: &str) -> Result<PathBuf> {
        Choice { program: Some(program.to_owned()) }.find()
    }

    #[test]
    fn program_is_found_by_name_or_path() {
        assert!(choice("sh").unwrap().ends_with("sh"));
        assert_eq!(choice("/bin/sh").unwrap(), Path::new("/bin/sh").canonicalize().unwrap());
        assert!(choice("no-such-program").is_err());
        assert!(choice("./no-such-program").is_err());
    }

    #[test]
    fn interrupt_is_passed_on_and_ends_the_task() {
        let folder = tempfile::tempdir().unwrap();
        let shell = Terraform::new("/bin/sleep".into(), folder.path(), folder.path(), &[]).unwrap();
        shell.interrupted.store(true, Ordering::Relaxed);
        let error = shell.run("60").unwrap_err();
        assert_eq!(error.to_string(), "interrupted; everything was stopped");
    }

    #[test]
    fn failed_command_shows_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let ls = Terraform::new("/bin/ls".into(), folder.path(), folder.path(), &[]).unwrap();
        let error = ls.run("no-such-file").unwrap_err().to_string();
        assert!(error.contains("`/bin/ls no-such-file` failed"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }
}
