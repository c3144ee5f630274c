//! The numbers of the layer alone, on the kitchen-sink provider, which offers everything and does little.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use super::{
    Table,
    Target::{Noisy, Reached},
    count, greeted, handshake, median,
};
use crate::{
    Result, ensure,
    steps::{self, cargo},
    target,
    terraform::Terraform,
};

pub(super) fn rows(program: &Path, table: &mut Table) -> Result {
    steps::run(&mut cargo("build --release -p tf-provider --example kitchen_sink"))?;
    let sink = target()?.join("release/examples/kitchen_sink").canonicalize()?;

    let megabytes = count(fs::metadata(&sink)?.len()) / 1e6;
    table.row("kitchen-sink provider: binary, stripped, MB", "", Reached(6.0), megabytes);
    table.row("its spawn → handshake line, ms", "", Noisy(5.0), handshake(&sink)?);
    table.row("its resident memory, idle, MiB", "", Noisy(8.0), resident(&sink)?);
    let costs = plan(program, &sink)?.as_secs_f64() * 1e3;
    table.row("its share of an empty `plan`, ms", "", Noisy(100.0), costs);
    let (short, ratio) = codec()?;
    table.row("reading and writing 10,000 rules, ms", "", Noisy(30.0), short);
    table.row("100,000 rules take so many times that", "", Reached(11.0), ratio);
    Ok(())
}

/// The milliseconds for a list of 10,000 rules, and how many times that a list of 100,000 takes.
fn codec() -> Result<(f64, f64)> {
    let mut bench = cargo("bench --quiet -p tf-provider --bench codec");
    let printed = bench.stderr(Stdio::inherit()).output()?;
    let printed = String::from_utf8_lossy(&printed.stdout);
    let number = |name: &str| -> Result<f64> {
        let found = printed.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        Ok(found.ok_or_else(|| format!("the codec's bench printed no {name}:\n\n{printed}"))?)
    };
    Ok((number("codec_10k_ms")?, number("codec_ratio")?))
}

/// What an idle provider holds, in MiB.
fn resident(provider: &Path) -> Result<f64> {
    let mut process = greeted(provider)?;
    std::thread::sleep(Duration::from_millis(200));
    let status = fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    process.kill()?;
    process.wait()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    Ok(count(size.ok_or("this system does not tell how much memory a process holds")?) / 1024.0)
}

const NOTHING: &str = "output \"nothing\" {\n  value = null\n}\n";

const THING: &str = r#"
terraform {
  required_providers {
    kitchen = {
      source = "registry.terraform.io/terraform-provider-tke/kitchen"
    }
  }
}
resource "kitchen_thing" "it" {
  name = "it"
}
"#;

/// How much longer a plan without changes takes with the provider than without any: the difference
/// of the medians of 15 plans each, in turn.
fn plan(program: &Path, sink: &Path) -> Result<Duration> {
    let prepared = |hcl: &str| -> Result<(tempfile::TempDir, Terraform)> {
        let folder = tempfile::Builder::new().prefix("tke-bench-").tempdir()?;
        fs::write(folder.path().join("main.tf"), hcl)?;
        std::os::unix::fs::symlink(sink, folder.path().join("terraform-provider-kitchen"))?;
        let file = folder.path().join("objects.json").display().to_string();
        let environment = [("KITCHEN_FILE".to_owned(), file)];
        let terraform =
            Terraform::new(program.to_owned(), folder.path(), folder.path(), &environment)?;
        terraform.run("apply -auto-approve -input=false -no-color")?;
        Ok((folder, terraform))
    };
    let (with, without) = (prepared(THING)?, prepared(NOTHING)?);
    let took = |terraform: &Terraform| -> Result<Duration> {
        let start = Instant::now();
        let printed = terraform.run("plan -input=false -no-color")?;
        let took = start.elapsed();
        let empty = printed.contains("No changes.");
        ensure(empty, format!("a plan without changes printed:\n\n{printed}"))?;
        Ok(took)
    };
    let (mut longer, mut shorter) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        longer.push(took(&with.1)?);
        shorter.push(took(&without.1)?);
    }
    Ok(median(longer).saturating_sub(median(shorter)))
}
