//! `tke-sandbox`: the sandbox as a process.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
};

use clap::Parser;
use tke_sandbox::Sandbox;

/// A local Tencent Cloud and Kubernetes cluster for trying the provider.
///
/// Prints the environment that points the provider at it, then runs until it is interrupted.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Loopback address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Also write the environment to this file, to be sourced by a shell.
    #[arg(long)]
    env_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let Arguments { listen, env_file } = Arguments::parse();
    let sandbox = Sandbox::listen(listen).await?;
    let variables = sandbox.environment().into_iter();
    let variables = variables.map(|(name, value)| format!("export {name}={value}\n"));
    let environment = variables.collect::<Vec<_>>().concat();
    if let Some(path) = env_file {
        // A process that waits for the file finds it complete.
        let unfinished = path.with_added_extension("new");
        fs::write(&unfinished, &environment)?;
        fs::rename(unfinished, path)?;
    }
    // A comment to a shell, so that the whole output can be sourced.
    let ready = format!("# tke-sandbox is ready on {}\n", sandbox.url());
    io::stdout().write_all((ready + &environment).as_bytes())?;
    io::stdout().flush()?;
    interrupted().await
}

#[cfg(unix)]
async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
