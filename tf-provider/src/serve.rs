//! A provider as a process: started by core, found by core, and gone when core is.
//!
//! [`run`] reads what core says through the environment, opens a socket that only this core can use,
//! announces it on stdout, serves until it is time to leave, and leaves nothing behind.

mod announce;
mod connections;
pub(crate) mod environment;
mod log;
pub(crate) mod server;
mod socket;
pub(crate) mod tls;

use std::{
    any::type_name,
    env, error,
    io::{self, Write},
    iter,
    process::{self, ExitCode},
    time::Duration,
};

use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};

use self::{
    announce::{handshake, reattach},
    environment::Environment,
    server::Server,
    tls::{Tls, TlsError},
};
use crate::{
    Provider,
    protocol::{Rpcs, service::Service},
    stop::Stop,
};

/// How long a process that was asked to terminate goes on to serve, so that core gets its answers.
const TERMINATION_GRACE: Duration = Duration::from_secs(5);

/// Runs the process of a provider from its first line to its last: the whole of `main`.
pub fn serve<P: Provider>() -> ExitCode {
    let stop = Stop::default();
    // Events of the author's own crate are logged beside ours.
    let crate_name = type_name::<P>().split("::").next().unwrap_or_default();
    run(PluginInfo { source: P::SOURCE, crate_name }, Service::<P>::new(stop.clone()), stop)
}

/// Where a provider comes from.
#[derive(Clone, Copy, Debug)]
pub struct PluginInfo {
    /// Its source as users write it in `required_providers`: `namespace/name`, and with a host before it when
    /// it comes from no public registry.
    pub source: &'static str,
    /// The crate whose events are logged beside our own.
    pub crate_name: &'static str,
}

/// Runs the process from its first line to its last. What this returns, `main` returns.
pub fn run(plugin: PluginInfo, service: impl Rpcs, stop: Stop) -> ExitCode {
    let name = plugin.source.rsplit('/').next().unwrap_or_default();
    let environment = Environment::read(name);
    log::install(&environment.log, plugin.crate_name);
    match start(plugin, &environment, service, stop) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody can be told if this fails.
            drop(writeln!(io::stderr(), "{}", chain(&error)));
            ExitCode::FAILURE
        }
    }
}

fn start(
    plugin: PluginInfo,
    environment: &Environment,
    service: impl Rpcs,
    stop: Stop,
) -> Result<(), Error> {
    let debugged = env::args().skip(1).any(|flag| flag == "-debug" || flag == "--debug");
    if !debugged {
        environment.check()?;
    }
    // A process that mostly waits needs no more threads, and with few it starts quickly.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let served = if debugged {
        runtime.block_on(serve_people(plugin, environment, service, stop))
    } else {
        runtime.block_on(serve_core(environment, service, stop))
    };
    // A host name that some thread still looks up keeps nobody here.
    runtime.shutdown_background();
    served
}

/// Serves the core that started this process, as long as it is there.
async fn serve_core(
    environment: &Environment,
    service: impl Rpcs,
    stop: Stop,
) -> Result<(), Error> {
    // Before core hears of us, so that no signal finds us unprepared. Ctrl-C reaches us as well as core;
    // it is for core to say what it means, and we only keep it from killing us.
    let _interrupts = catch(SignalKind::interrupt())?;
    let mut terminations = catch(SignalKind::terminate())?;

    let tls = environment.client_certificate.as_deref().map(Tls::pinned).transpose()?;
    let server = Server::open(&environment.socket, tls)?;
    say(&handshake(server.path(), server.certificate(), environment.multiplex))?;

    let core_is_gone = server.core_is_gone();
    let terminated = async {
        terminations.recv().await;
        tracing::info!("asked to terminate");
        stop.give_for_good();
        sleep(TERMINATION_GRACE).await;
    };
    let leave = async {
        tokio::select! {
            () = core_is_gone => tracing::info!("core is gone"),
            () = terminated => {}
        }
    };
    server.serve(service, &stop, leave).await
}

/// Serves every core of this user that is told where we are, until Ctrl-C.
async fn serve_people(
    plugin: PluginInfo,
    environment: &Environment,
    service: impl Rpcs,
    stop: Stop,
) -> Result<(), Error> {
    let mut interrupts = catch(SignalKind::interrupt())?;
    let mut terminations = catch(SignalKind::terminate())?;

    // Core speaks plaintext to a provider that it has not started.
    let server = Server::open(&environment.socket, None)?;
    say("The provider runs until Ctrl-C. Terraform and OpenTofu use it where this is set:\n")?;
    say(&reattach(plugin.source, process::id(), server.path()))?;

    let leave = async {
        tokio::select! {
            _ = interrupts.recv() => {}
            _ = terminations.recv() => {}
        }
    };
    server.serve(service, &stop, leave).await
}

fn catch(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(Error::Runtime)
}

/// Says one line to whoever started us.
fn say(line: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(Error::Stdout)
}

/// Why the process could not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "this program is a provider: Terraform or OpenTofu starts it, and it does nothing by itself\n\n\
         Name it under required_providers in a configuration, and run `terraform init`.\n\
         To debug it, start it with -debug."
    )]
    NotRunByTerraform,
    #[error(
        "this provider speaks plugin protocol 6, and what started it offers only {offered:?}; \
         Terraform from 1.0 and OpenTofu speak it"
    )]
    Version { offered: String },
    #[error("could not offer a secure connection")]
    Tls(#[from] TlsError),
    #[error("could not open the socket")]
    Socket(#[source] io::Error),
    #[error("could not write the handshake")]
    Stdout(#[source] io::Error),
    #[error("could not start the runtime")]
    Runtime(#[source] io::Error),
    #[error("the server failed")]
    Server(#[source] tonic::transport::Error),
}

/// An error and what caused it, in one line.
fn chain(error: &dyn error::Error) -> String {
    let causes = iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
