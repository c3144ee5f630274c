//! A provider in a process of its own, started as core starts it.

use std::{
    ffi::OsStr,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::{Certificate, Core, Handshake, Result};
use crate::serve::environment::COOKIE;

/// A provider that takes longer has failed the test.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running provider. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    own: Option<Certificate>,
    handshake: Handshake,
    stderr: Arc<Mutex<Vec<String>>>,
    /// Its temporary folder: one that is killed cannot tidy up behind itself.
    _folder: TempDir,
}

impl Process {
    /// Starts a provider.
    pub async fn start(program: impl AsRef<OsStr>) -> Result<Self> {
        Self::start_with(Command::new(program), Some(Certificate::new()?)).await
    }

    /// Starts a provider with arguments and variables of its own.
    ///
    /// It is passed this certificate; without one it should speak plaintext.
    pub async fn start_with(mut command: Command, own: Option<Certificate>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut child = command
            .env("TMPDIR", folder.path())
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .envs(own.iter().map(|own| ("PLUGIN_CLIENT_CERT", own.pem())))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stderr = Arc::<Mutex<Vec<_>>>::default();
        let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
        let kept = Arc::clone(&stderr);
        let reading = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let mut lines = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        let Some(line) = timeout(TIMEOUT, lines.next_line()).await?? else {
            timeout(TIMEOUT, reading).await??;
            let said = stderr.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
            return Err(format!("the provider left without a handshake: {said}").into());
        };
        Ok(Self { handshake: Handshake::parse(&line)?, child, own, stderr, _folder: folder })
    }

    /// Connects as the core that started it.
    pub async fn connect(&self) -> Result<Core> {
        Ok(self.handshake.connect(self.own.as_ref()).await?.into())
    }

    /// What it announced.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// What it has written to stderr so far, line by line.
    pub fn stderr(&self) -> Vec<String> {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it has left by itself.
    pub async fn exit(&mut self) -> Result<ExitStatus> {
        Ok(timeout(TIMEOUT, self.child.wait()).await??)
    }
}
