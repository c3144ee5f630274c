//! `cargo xtask bench`: the numbers that the design promises, measured now on a release build.
//!
//! Calls are counted exactly, in the sandbox's log. Times and memory are of this machine.
//! The task fails where a count, a size or a ratio was reached before and is missed now.

mod layer;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use self::Target::{Noisy, Open, Reached};
use crate::{
    Result, ensure,
    sandbox::Sandbox,
    steps::{self, build_programs, cargo},
    target,
    terraform::{Choice, Terraform},
};

pub(crate) fn run(choice: &Choice) -> Result {
    let program = choice.find()?;
    steps::run(&mut cargo("build --release -p terraform-provider-tke"))?;
    steps::run(&mut build_programs())?;
    let provider = target()?.join("release/terraform-provider-tke").canonicalize()?;

    let mut table = Table::default();
    table.row("spawn → handshake line, ms", "~700", Noisy(5.0), handshake(&provider)?);
    let megabytes = count(fs::metadata(&provider)?.len()) / 1e6;
    table.row("binary, stripped, MB", "366", Reached(15.0), megabytes);

    let bench = Bench { program, provider };
    let memory = bench.memory()?;
    table.row("peak memory, plan of 300 resources, MB", "> 140", Noisy(20.0), memory);
    for (what, official, target, calls) in bench.calls()? {
        table.row(what, official, target, count(calls));
    }
    table.unmeasured("plan lines, one foreign rule of 100 (rule_set)", "312", Open(12.0));
    layer::rows(&bench.program, &mut table)?;
    table.print();
    table.check()
}

/// What was measured, next to the official provider's number and ours to reach.
#[derive(Default)]
struct Table(Vec<Row>);

struct Row {
    what: &'static str,
    official: &'static str,
    target: Target,
    measured: Option<f64>,
}

/// The most that a row may measure.
#[derive(Clone, Copy)]
enum Target {
    /// A count, a size or a ratio that was reached: it is the same on every machine, so to miss it
    /// is a fault of ours.
    Reached(f64),
    /// A time or the memory of a process, which depends on the machine and what else it does.
    Noisy(f64),
    /// What is still to be reached.
    Open(f64),
}

impl Table {
    fn row(&mut self, what: &'static str, official: &'static str, target: Target, measured: f64) {
        self.0.push(Row { what, official, target, measured: Some(measured) });
    }

    /// A row that cannot be measured yet.
    fn unmeasured(&mut self, what: &'static str, official: &'static str, target: Target) {
        self.0.push(Row { what, official, target, measured: None });
    }

    fn print(&self) {
        println!("\n{:<48} {:>9} {:>8} {:>9}", "", "official", "target", "measured");
        for row in &self.0 {
            let Row { what, official, target, measured } = row;
            let most = format!("≤ {}", target.most());
            let measured = measured.map_or("–".to_owned(), |value| format!("{value:.1}"));
            println!("{what:<48} {official:>9} {most:>8} {measured:>9}  {}", row.verdict());
        }
    }

    /// Fails where a target is missed that was reached before.
    fn check(&self) -> Result {
        let missed = self.0.iter().filter(|row| row.verdict() == "missed");
        let missed: Vec<_> = missed.map(|row| row.what).collect();
        ensure(
            missed.is_empty(),
            format!(
                "reached before and missed now: {}; find the change that did it",
                missed.join("; ")
            ),
        )
    }
}

impl Row {
    fn verdict(&self) -> &'static str {
        match (self.measured, self.target) {
            (Some(value), target) if value <= target.most() => "reached",
            (_, Reached(_)) => "missed",
            (_, Noisy(_)) => "missed here",
            (_, Open(_)) => "open",
        }
    }
}

impl Target {
    fn most(self) -> f64 {
        match self {
            Self::Reached(most) | Self::Noisy(most) | Self::Open(most) => most,
        }
    }
}

/// Median of 30 starts, in milliseconds.
fn handshake(provider: &Path) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..30 {
        let start = Instant::now();
        let mut process = greeted(provider)?;
        times.push(start.elapsed());
        process.kill()?;
        process.wait()?;
    }
    Ok(median(times).as_secs_f64() * 1e3)
}

/// A provider that has said where it is, started as go-plugin does it.
fn greeted(provider: &Path) -> Result<Child> {
    let mut process = Command::new(provider)
        .env("TF_PLUGIN_MAGIC_COOKIE", MAGIC_COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_CLIENT_CERT", include_str!("bench/client.pem"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    if let Some(output) = &mut process.stdout {
        BufReader::new(output).read_line(&mut line)?;
    }
    if line.starts_with("1|6|") {
        return Ok(process);
    }
    process.kill()?;
    process.wait()?;
    Err(format!("the provider greeted with `{}`", line.trim()).into())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// What Terraform tells a plugin so that nobody else starts one by mistake. It is public.
const MAGIC_COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

struct Bench {
    program: PathBuf,
    provider: PathBuf,
}

impl Bench {
    /// Peak memory of one provider process in a plan of 3 groups and 297 rules, in MB.
    fn memory(&self) -> Result<f64> {
        let (folder, sandbox) = start()?;
        let terraform = self.terraform(folder.path(), &sandbox)?;
        let size = "-var groups=3 -var rules=297";
        terraform.run(&format!("apply -auto-approve -input=false -no-color {size}"))?;

        let output = folder.path().join("plan.log");
        let mut plan = terraform.spawn(&format!("plan -input=false -no-color {size}"), &output)?;
        let mut peak = 0;
        while plan.try_wait()?.is_none() {
            peak = peak.max(peak_of(&self.provider));
            std::thread::sleep(Duration::from_millis(2));
        }
        let printed = fs::read_to_string(output)?;
        let empty = printed.contains("No changes.");
        ensure(empty, format!("the plan of 300 resources printed:\n\n{printed}"))?;
        Ok(count(peak * 1024) / 1e6)
    }

    /// Calls for one group with 100 rules: what, official, target, measured.
    fn calls(&self) -> Result<[(&'static str, &'static str, Target, u64); 4]> {
        let (folder, sandbox) = start()?;
        let terraform = self.terraform(folder.path(), &sandbox)?;
        let calls = |arguments: &str| -> Result<u64> {
            sandbox.clear_log()?;
            terraform
                .run(&format!("{arguments} -input=false -no-color -var groups=1 -var rules=100"))?;
            Ok(sandbox.log()?.iter().filter(|entry| entry["side"] == "cloud").count() as u64)
        };
        let create = calls("apply -auto-approve")?;
        let plan = calls("plan")?;
        let edit = calls("apply -auto-approve -var edited=8443")?;
        let destroy = calls("destroy -auto-approve")?;
        Ok([
            ("plan, one group + 100 rules: API calls", "102", Reached(2.0), plan),
            ("create the same: API calls", "203", Open(24.0), create),
            ("destroy the same: API calls", "304", Open(26.0), destroy),
            ("edit one of 100 rules: API calls", "106", Open(4.0), edit),
        ])
    }

    fn terraform(&self, folder: &Path, sandbox: &Sandbox) -> Result<Terraform> {
        fs::write(folder.join("main.tf"), include_str!("bench/main.tf"))?;
        let provider = self.provider.parent().unwrap_or(folder);
        Terraform::new(self.program.clone(), folder, provider, sandbox.environment())
    }
}

fn start() -> Result<(tempfile::TempDir, Sandbox)> {
    let folder = tempfile::Builder::new().prefix("tke-bench-").tempdir()?;
    let sandbox = Sandbox::start(folder.path())?;
    Ok((folder, sandbox))
}

/// The largest peak so far of the processes that run this program, in units of 1024 bytes.
fn peak_of(program: &Path) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = processes.filter(|process| {
        fs::read_link(process.path().join("exe")).is_ok_and(|found| found == program)
    });
    let peaks = ours.filter_map(|process| {
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    });
    peaks.max().unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "a number to be read by people")]
fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missed_count_size_or_ratio_that_was_reached_fails() {
        let mut table = Table::default();
        table.row("a", "9", Reached(5.0), 5.0);
        table.row("b", "9", Noisy(5.0), 5.01);
        table.row("c", "9", Open(5.0), 5.01);
        table.unmeasured("d", "9", Open(5.0));
        let verdicts: Vec<_> = table.0.iter().map(Row::verdict).collect();
        assert_eq!(verdicts, ["reached", "missed here", "open", "open"]);
        assert!(table.check().is_ok());

        table.row("e", "9", Reached(5.0), 5.01);
        let error = table.check().unwrap_err().to_string();
        assert!(error.starts_with("reached before and missed now: e;"), "{error}");
    }

    #[test]
    fn peak_of_this_process_is_known() {
        assert!(peak_of(&std::env::current_exe().unwrap()) > 0);
        assert_eq!(peak_of(Path::new("/no/such/program")), 0);
    }
}
