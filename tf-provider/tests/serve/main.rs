//! The process as core meets it: the real socket, real signals, certificates made by openssl.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tf_provider::testing::{
    Certificate, Core, Handshake, Process, Result, Stop,
    plugin::{grpc_broker_client::GrpcBrokerClient, grpc_stdio_client::GrpcStdioClient},
    tfplugin6::{
        DynamicValue, call_function, get_metadata, get_provider_schema, provider_server::Provider,
        read_data_source, read_resource, stop_provider, validate_resource_config,
    },
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::UnixStream,
    process::Child,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// The provider that these tests run.
const BARE: &str = env!("CARGO_BIN_EXE_bare");

fn command(variables: &[(&str, &str)]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(BARE);
    command.envs(variables.iter().copied());
    command
}

async fn schema(core: &Core) -> Result<(), tonic::Status> {
    core.provider().get_provider_schema(get_provider_schema::Request {}).await.map(drop)
}

// ---- who is let in ----

struct Openssl(TempDir);

impl Openssl {
    /// Makes `<name>.pem` and `<name>.key` as go-plugin makes them: P-521, `CA:TRUE`, one subject for all.
    fn certificate(&self, name: &str, more: &[&str]) -> Certificate {
        let (pem, key) = (format!("{name}.pem"), format!("{name}.key"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp521r1"])
            .args(["-nodes", "-sha512", "-days", "30", "-subj", "/O=HashiCorp/CN=localhost"])
            .args(["-addext", "extendedKeyUsage=clientAuth,serverAuth"])
            .args(["-keyout", &key, "-out", &pem])
            .args(more)
            .current_dir(self.0.path())
            .output()
            .expect("openssl can be started");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let read = |file| fs::read_to_string(self.0.path().join(file)).unwrap();
        Certificate::from_pem(read(pem), &read(key)).unwrap()
    }
}

#[tokio::test]
async fn only_the_pinned_certificate_is_let_in() -> Result {
    let openssl = Openssl(tempfile::tempdir()?);
    let pinned = openssl.certificate("pinned", &[]);
    let twin = openssl.certificate("twin", &[]);
    let leaf = openssl.certificate(
        "leaf",
        &["-CA", "pinned.pem", "-CAkey", "pinned.key", "-addext", "basicConstraints=CA:FALSE"],
    );
    let environment = [("TF_LOG_PROVIDER", "warn")];
    let process = Process::start_with(command(&environment), Some(pinned.clone())).await?;
    let tls = process.handshake();
    let plaintext = Handshake { certificate: None, ..tls.clone() };

    for (who, handshake, own, expected) in [
        ("the pinned certificate", tls, Some(&pinned), true),
        ("no certificate", tls, None, false),
        ("another certificate of the same subject", tls, Some(&twin), false),
        ("a leaf signed by the pinned certificate", tls, Some(&leaf), false),
        ("plaintext", &plaintext, None, false),
        ("the pinned certificate, after all these", tls, Some(&pinned), true),
    ] {
        assert_eq!(admitted(handshake, own).await?, expected, "{who}");
    }
    // tonic tries again when its plaintext is refused, hence more lines than peers.
    let refused = process.stderr().iter().filter(|line| line.contains("refused a peer")).count();
    assert!(refused >= 4, "{:#?}", process.stderr());
    Ok(())
}

// ---- several cores at one process ----

/// Longer than a process goes on without a core that started it.
const MISSED: Duration = Duration::from_millis(2500);

/// Waits for an answer that never comes.
fn wait_on(core: &Core) -> JoinHandle<Result<(), tonic::Status>> {
    let mut provider = core.provider();
    tokio::spawn(async move {
        provider.read_data_source(read_data_source::Request::default()).await.map(drop)
    })
}

/// Whether this peer is answered, which is decided soon.
async fn admitted(handshake: &Handshake, own: Option<&Certificate>) -> Result<bool> {
    let asked = async {
        match handshake.connect(own).await {
            Ok(channel) => schema(&channel.into()).await.is_ok(),
            Err(_) => false,
        }
    };
    Ok(timeout(Duration::from_secs(5), asked).await?)
}

#[tokio::test]
async fn two_cores_of_one_certificate_do_not_wait_for_each_other() -> Result {
    let process = Process::start(BARE).await?;
    let (one, two) = tokio::try_join!(process.connect(), process.connect())?;
    let waiting = wait_on(&one);
    timeout(Duration::from_secs(1), schema(&two)).await??;
    drop(two);
    sleep(MISSED).await;
    schema(&one).await?;
    assert!(!waiting.is_finished());
    Ok(())
}

#[tokio::test]
async fn a_core_of_another_certificate_is_refused_while_one_is_served() -> Result {
    let process = Process::start(BARE).await?;
    let core = process.connect().await?;
    let waiting = wait_on(&core);
    let tls = process.handshake();
    let plaintext = Handshake { certificate: None, ..tls.clone() };
    let other = Certificate::new()?;
    assert!(!admitted(tls, Some(&other)).await?);
    assert!(!admitted(tls, None).await?);
    assert!(!admitted(&plaintext, None).await?);
    schema(&core).await?;
    assert!(!waiting.is_finished());
    Ok(())
}

#[tokio::test]
async fn a_peer_that_says_nothing_keeps_no_core_waiting() -> Result {
    let process = Process::start(BARE).await?;
    let silent = UnixStream::connect(&process.handshake().path).await?;
    let core = timeout(Duration::from_secs(1), process.connect()).await??;
    timeout(Duration::from_secs(1), schema(&core)).await??;
    drop(silent);
    schema(&core).await?;
    Ok(())
}

#[tokio::test]
async fn shutdown_by_one_core_fails_calls_of_the_other() -> Result {
    let mut process = Process::start(BARE).await?;
    let (one, two) = tokio::try_join!(process.connect(), process.connect())?;
    let waiting = wait_on(&one);
    schema(&one).await?;
    two.shutdown().await?;
    assert!(timeout(Duration::from_secs(2), waiting).await??.is_err());
    assert!(process.exit().await?.success());
    assert!(!admitted(process.handshake(), None).await?);
    Ok(())
}

#[tokio::test]
async fn a_debugged_provider_serves_cores_one_after_the_other_and_at_once() -> Result {
    let (child, handshake) = debugged().await?;
    schema(&handshake.connect(None).await?.into()).await?;
    sleep(MISSED).await;
    let (one, two) = tokio::try_join!(handshake.connect(None), handshake.connect(None))?;
    let (one, two) = (Core::from(one), Core::from(two));
    let waiting = wait_on(&one);
    timeout(Duration::from_secs(1), schema(&two)).await??;
    // One is killed in the middle of a call.
    waiting.abort();
    drop(one);
    schema(&two).await?;
    drop(child);
    Ok(())
}

/// A core that was not told how to connect.
#[tokio::test]
async fn a_debugged_provider_refuses_tls_and_serves_on() -> Result {
    let (child, plaintext) = debugged().await?;
    let own = Certificate::new()?;
    let elsewhere = Process::start(BARE).await?;
    let tls = Handshake { path: plaintext.path.clone(), ..elsewhere.handshake().clone() };
    assert!(!admitted(&tls, Some(&own)).await?);
    assert!(admitted(&plaintext, None).await?);
    drop(child);
    Ok(())
}

/// A provider that a person has started.
async fn debugged() -> Result<(Child, Handshake)> {
    let mut child = command(&[]).arg("-debug").stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let variable = loop {
        let line = lines.next_line().await?.unwrap();
        if let Some(variable) = line.strip_prefix("TF_REATTACH_PROVIDERS='") {
            break variable.strip_suffix('\'').unwrap().to_owned();
        }
    };
    let providers: Value = serde_json::from_str(&variable)?;
    let provider = providers.get("registry.terraform.io/example/bare").unwrap();
    assert_eq!(Some(provider), providers.get("registry.opentofu.org/example/bare"));
    assert_eq!(provider.get("Pid").and_then(Value::as_u64), child.id().map(u64::from));
    let path = provider.pointer("/Addr/String").and_then(Value::as_str).unwrap().into();
    Ok((child, Handshake { path, certificate: None }))
}

// ---- who needs no certificate ----

#[tokio::test]
async fn plaintext_is_for_a_core_without_a_certificate() -> Result {
    let process = Process::start_with(command(&[]), None).await?;
    assert_eq!(process.handshake().certificate, None);
    schema(&process.connect().await?).await?;
    Ok(())
}

#[tokio::test]
async fn invalid_certificate_does_not_allow_plaintext() {
    let environment = [("PLUGIN_CLIENT_CERT", "no certificate")];
    let refused = Process::start_with(command(&environment), None).await.unwrap_err().to_string();
    assert!(refused.contains("PLUGIN_CLIENT_CERT does not contain a certificate"), "{refused}");
}

// ---- how it is found ----

#[tokio::test]
async fn the_socket_is_short_and_private() -> Result {
    let process = Process::start(BARE).await?;
    let socket = process.handshake().path.as_path();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(socket.as_os_str().len() < 104);
    assert_eq!(mode(socket), 0o600);
    assert_eq!(mode(socket.parent().unwrap()), 0o700);
    Ok(())
}

#[test]
fn start_without_core_prints_usage() {
    let told = Command::new(BARE).output().unwrap();
    assert_eq!(told.status.code(), Some(1));
    assert!(told.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&told.stderr);
    assert!(stderr.starts_with("this program is a provider"), "{stderr}");
}

#[tokio::test]
async fn unsupported_protocol_version_is_reported() {
    let mut command = tokio::process::Command::new("sh");
    let script = format!("PLUGIN_PROTOCOL_VERSIONS=5 exec {BARE}");
    command.args(["-c", &script]);
    let refused = Process::start_with(command, None).await.unwrap_err().to_string();
    assert!(refused.contains("this provider speaks plugin protocol 6"), "{refused}");
}

#[tokio::test]
async fn a_debugged_provider_leaves_with_ctrl_c() -> Result {
    let (mut child, handshake) = debugged().await?;
    schema(&handshake.connect(None).await?.into()).await?;
    signal("INT", child.id());
    assert!(timeout(Duration::from_secs(1), child.wait()).await??.success());
    assert!(!handshake.path.exists());
    Ok(())
}

// ---- what it answers ----

#[tokio::test]
async fn unserved_rpc_is_unimplemented() -> Result {
    let process = Process::start(BARE).await?;
    let core = process.connect().await?;
    let refused = core.provider().get_metadata(get_metadata::Request {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    Ok(())
}

#[tokio::test]
async fn the_health_service_knows_the_plugin() -> Result {
    let process = Process::start(BARE).await?;
    let mut health = HealthClient::new(process.connect().await?.channel());
    let request = |service: &str| HealthCheckRequest { service: service.to_owned() };
    assert_eq!(health.check(request("plugin")).await?.into_inner().status, 1);
    assert_eq!(health.check(request("other")).await.unwrap_err().code(), Code::NotFound);
    Ok(())
}

#[tokio::test]
async fn messages_may_exceed_default_grpc_limit() -> Result {
    let process = Process::start(BARE).await?;
    let core = process.connect().await?;
    let size = 40 << 20;
    let config = Some(DynamicValue { msgpack: vec![7; size], json: Vec::new() });
    let request = validate_resource_config::Request { config, ..Default::default() };
    let answer = core.provider().validate_resource_config(request).await.unwrap_err();
    assert_eq!(answer.message(), size.to_string());
    Ok(())
}

struct Nothing;

impl Provider for Nothing {}

#[tokio::test]
async fn a_provider_can_be_served_in_the_process_of_its_test() -> Result {
    let core = Core::serving(Nothing, Stop::default()).await?;
    assert_eq!(schema(&core).await.unwrap_err().code(), Code::Unimplemented);
    core.shutdown().await
}

// ---- how it leaves ----

#[tokio::test]
async fn shutdown_is_answered_and_removes_socket() -> Result {
    let mut process = Process::start(BARE).await?;
    let core = process.connect().await?;
    schema(&core).await?;
    // Core has both of these open all the time.
    let stdio = GrpcStdioClient::new(core.channel()).stream_stdio(()).await?;
    let broker =
        GrpcBrokerClient::new(core.channel()).start_stream(tokio_stream::pending()).await?;
    let socket = process.handshake().path.clone();

    let began = Instant::now();
    core.shutdown().await?;
    assert!(stdio.into_inner().message().await?.is_none());
    assert!(broker.into_inner().message().await?.is_none());
    assert!(process.exit().await?.success());
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    assert!(!socket.parent().unwrap().exists());
    Ok(())
}

#[tokio::test]
async fn shutdown_does_not_wait_for_endless_operations() -> Result {
    let mut process = Process::start(BARE).await?;
    let core = process.connect().await?;
    let mut provider = core.provider();
    let endless = tokio::spawn(async move {
        provider.read_data_source(read_data_source::Request::default()).await
    });
    schema(&core).await?;
    let began = Instant::now();
    core.shutdown().await?;
    assert!(process.exit().await?.success());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(endless.await?.is_err());
    Ok(())
}

#[tokio::test]
async fn a_stop_ends_what_runs_and_nothing_else() -> Result {
    let process = Process::start(BARE).await?;
    let core = process.connect().await?;
    for _ in 0..2 {
        let mut provider = core.provider();
        let mut slow =
            tokio::spawn(
                async move { provider.read_resource(read_resource::Request::default()).await },
            );
        assert!(timeout(Duration::from_millis(300), &mut slow).await.is_err());
        core.provider().stop_provider(stop_provider::Request {}).await?;
        timeout(Duration::from_secs(1), slow).await???;
    }
    Ok(())
}

#[tokio::test]
async fn orphaned_process_finishes_operations_and_exits() -> Result {
    let environment = [("TF_LOG", "info")];
    let own = Some(Certificate::new()?);
    let mut process = Process::start_with(command(&environment), own).await?;
    let core = process.connect().await?;
    let mut provider = core.provider();
    let slow =
        tokio::spawn(
            async move { provider.read_resource(read_resource::Request::default()).await },
        );
    schema(&core).await?;
    let socket = process.handshake().path.clone();

    slow.abort(); // The kernel closes the connection of a core that was killed; so does this.
    drop(core);
    let began = Instant::now();
    assert!(process.exit().await?.success());
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(!socket.exists());
    let stderr = process.stderr().join("\n");
    assert!(stderr.contains("core is gone") && stderr.contains("ended in good order"), "{stderr}");
    Ok(())
}

#[tokio::test]
async fn ctrl_c_alone_does_not_end_the_process() -> Result {
    let process = Process::start(BARE).await?;
    let core = process.connect().await?;
    signal("INT", process.id());
    sleep(Duration::from_millis(300)).await;
    schema(&core).await?;
    Ok(())
}

#[tokio::test]
async fn a_terminated_process_answers_and_then_leaves() -> Result {
    let mut process = Process::start(BARE).await?;
    let core = process.connect().await?;
    let mut provider = core.provider();
    let slow =
        tokio::spawn(
            async move { provider.read_resource(read_resource::Request::default()).await },
        );
    sleep(Duration::from_millis(300)).await;
    signal("TERM", process.id());
    timeout(Duration::from_secs(1), slow).await???;
    assert!(process.exit().await?.success());
    Ok(())
}

// ---- what it logs ----

#[tokio::test]
async fn logs_are_json_lines_and_only_what_was_asked_for() -> Result {
    for (variables, expected) in [
        (&[][..], 0),
        (&[("TF_LOG", "WARN")], 0),
        (&[("TF_LOG", "TRACE")], 1),
        (&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "ERROR")], 0),
        (&[("TF_LOG", "OFF"), ("TF_LOG_PROVIDER_BARE", "info")], 1),
    ] {
        let own = Some(Certificate::new()?);
        let mut process = Process::start_with(command(variables), own).await?;
        let core = process.connect().await?;
        schema(&core).await?;
        core.shutdown().await?;
        process.exit().await?;
        let lines = process.stderr();
        let lines: Vec<Value> =
            lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let asked = |line: &&Value| line["@message"] == "asked for the schema";
        let found: Vec<_> = lines.iter().filter(asked).collect();
        assert_eq!(found.len(), expected, "{variables:?} {lines:#?}");
        assert!(found.iter().all(|line| line["answer"] == 42 && line["@module"] == "bare"));
    }
    Ok(())
}

#[tokio::test]
async fn a_panic_is_one_line_and_not_the_end() -> Result {
    let process = Process::start(BARE).await?;
    let core = process.connect().await?;
    let request = call_function::Request::default();
    assert_eq!(core.provider().call_function(request).await.unwrap_err().code(), Code::Internal);
    schema(&core).await?;
    let [line] = &process.stderr()[..] else { panic!("{:#?}", process.stderr()) };
    let line: Value = serde_json::from_str(line)?;
    assert_eq!(line["@level"], "error");
    assert_eq!(line["@message"], "panicked: over\ntwo lines");
    assert!(line["location"].as_str().unwrap().contains("bare.rs"));
    Ok(())
}

// ---- what it is made of ----

/// ring cannot verify core's certificate, and with two TLS providers in one binary kube panics.
#[test]
fn ring_is_not_linked() {
    // The lock file would not tell: it also names what could be enabled.
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--edges", "normal,build", "--prefix", "none"])
        .args(["--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let packages = String::from_utf8_lossy(&tree.stdout);
    let linked = |name: &str| packages.lines().any(|line| line.starts_with(name));
    assert!(linked("aws-lc-rs v"), "{}", String::from_utf8_lossy(&tree.stderr));
    assert!(!linked("ring v"), "something enables it: cargo tree --workspace -i ring");
}

fn signal(name: &str, process: Option<u32>) {
    let process = process.expect("it runs").to_string();
    assert!(Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
}
