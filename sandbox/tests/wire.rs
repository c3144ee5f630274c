//! The sandbox over its port, with a client that knows nothing but HTTP.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is how tests fail")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, Mac};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tke_sandbox::{
    Sandbox,
    behaviour::Behaviour,
    faults::{Fault, Injection},
    log::Side,
    seed::Seed,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};
use tokio_rustls::TlsConnector;

/// Sends one request and reads until the sandbox closes; empty if it closed without an answer.
async fn send(sandbox: &Sandbox, head: &str, body: &str) -> String {
    let address = sandbox.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let request = format!("{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A signed call; the answer is head and body.
async fn call(sandbox: &Sandbox, action: &str, params: &Value) -> String {
    signed(sandbox, action, params, "sandbox-secret-key").await
}

async fn signed(sandbox: &Sandbox, action: &str, params: &Value, secret_key: &str) -> String {
    let (host, body) = (sandbox.url().replace("http://", ""), params.to_string());
    let now = clock();
    let date = jiff::Timestamp::from_second(now).unwrap().strftime("%Y-%m-%d").to_string();
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{}",
        hex::encode(Sha256::digest(&body))
    );
    let to_sign = format!(
        "TC3-HMAC-SHA256\n{now}\n{date}/vpc/tc3_request\n{}",
        hex::encode(Sha256::digest(canonical))
    );
    let hmac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let key = hmac(format!("TC3{secret_key}").as_bytes(), &date);
    let key = hmac(&hmac(&key, "vpc"), "tc3_request");
    let signature = hex::encode(hmac(&key, &to_sign));
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         X-TC-Action: {action}\r\nX-TC-Version: 2017-03-12\r\nX-TC-Region: ap-guangzhou\r\n\
         X-TC-Timestamp: {now}\r\nAuthorization: TC3-HMAC-SHA256 \
         Credential=AKIDsandbox/{date}/vpc/tc3_request, SignedHeaders=content-type;host, \
         Signature={signature}\r\n"
    );
    send(sandbox, &head, &body).await
}

#[expect(clippy::disallowed_methods, reason = "a client signs the time it is")]
fn clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

async fn admin(sandbox: &Sandbox, request: &str, body: &Value) -> String {
    let head = format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
    send(sandbox, &head, &body.to_string()).await
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn code(answer: &str) -> Value {
    body(answer)["Response"]["Error"]["Code"].take()
}

fn group(name: &str) -> Value {
    json!({"GroupName": name, "GroupDescription": ""})
}

/// The names of all groups, as somebody else sees them.
fn names(sandbox: &Sandbox) -> Vec<String> {
    let answer = sandbox.call("vpc", "DescribeSecurityGroups", "ap-guangzhou", json!({})).unwrap();
    let set = answer["SecurityGroupSet"].as_array().unwrap();
    set.iter().map(|group| group["SecurityGroupName"].as_str().unwrap().to_owned()).collect()
}

const WORKERS: &str = "tke-worker-security-for-my-cluster";

#[tokio::test]
async fn envelope_is_as_official_clients_need_it() {
    let sandbox = Sandbox::start().await;
    let answer = call(&sandbox, "CreateSecurityGroup", &group("pods")).await;
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    let content_type = head.lines().find(|line| line.starts_with("content-type:"));
    assert_eq!(content_type, Some("content-type: application/json"));
    let response = &body(&answer)["Response"];
    assert_eq!(response["SecurityGroup"]["SecurityGroupName"], "pods");
    let id = response["RequestId"].as_str().unwrap();
    assert_eq!((id.len(), id.to_lowercase().as_str()), (36, id));

    let error = call(&sandbox, "DropEverything", &json!({})).await;
    assert!(error.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(code(&error), "InvalidAction");
    assert!(body(&error)["Response"]["RequestId"].is_string());
}

#[tokio::test]
async fn call_with_bad_signature_is_refused() {
    let sandbox = Sandbox::start().await;
    let answer = signed(&sandbox, "CreateSecurityGroup", &group("pods"), "guess").await;
    assert_eq!(code(&answer), "AuthFailure.SignatureFailure");
    let unsigned = send(&sandbox, "POST / HTTP/1.1\r\nHost: x\r\n", "{}").await;
    assert_eq!(code(&unsigned), "AuthFailure.InvalidAuthorization");
    assert_eq!(names(&sandbox), [WORKERS]);
    let entries = sandbox.log().entries();
    assert_eq!(entries[0].code.as_deref(), Some("AuthFailure.SignatureFailure"));
}

#[tokio::test]
async fn absolute_request_address_is_accepted() {
    let sandbox = Sandbox::start().await;
    let head = "POST http://vpc.tencentcloudapi.com/ HTTP/1.1\r\nHost: vpc.tencentcloudapi.com\r\n";
    let answer = send(&sandbox, head, "{}").await;
    assert_eq!(code(&answer), "AuthFailure.InvalidAuthorization");
}

#[tokio::test]
async fn faults_happen_to_the_chosen_number_of_calls() {
    let sandbox = Sandbox::start().await;
    let create = async |name| call(&sandbox, "CreateSecurityGroup", &group(name)).await;
    let next = |fault| sandbox.faults().add(Injection::new("CreateSecurityGroup", fault));

    next(Fault::Throttle);
    assert_eq!(code(&create("throttled").await), "RequestLimitExceeded");
    next(Fault::ServerError);
    assert!(create("refused").await.starts_with("HTTP/1.1 503 "));
    assert_eq!(names(&sandbox), [WORKERS]);

    next(Fault::LostResponse);
    assert_eq!(create("lost").await, "");
    assert_eq!(names(&sandbox), [WORKERS, "lost"]);

    let denied = json!({
        "on": "*", "fault": {"error": {"code": "UnauthorizedOperation", "message": "no"}},
    });
    let answer = admin(&sandbox, "POST /_sandbox/faults", &denied).await;
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert_eq!(code(&create("denied").await), "UnauthorizedOperation");

    sandbox
        .faults()
        .add(Injection::new("CreateSecurityGroup", Fault::Latency { milliseconds: 60 }));
    let start = Instant::now();
    assert_eq!(code(&create("late").await), Value::Null);
    assert!(start.elapsed() >= Duration::from_millis(60));
    assert_eq!(names(&sandbox), [WORKERS, "lost", "late"]);

    let statuses: Vec<_> = sandbox
        .log()
        .entries()
        .iter()
        .filter(|entry| entry.side == Side::Cloud)
        .map(|entry| (entry.status, entry.code.clone().unwrap_or_default()))
        .collect();
    assert_eq!(
        statuses,
        [
            (200, "RequestLimitExceeded".to_owned()),
            (503, String::new()),
            (0, String::new()),
            (200, "UnauthorizedOperation".to_owned()),
            (200, String::new()),
        ]
    );
}

#[tokio::test]
async fn call_is_executed_after_its_caller_disconnects() {
    let sandbox = Sandbox::start().await;
    sandbox
        .faults()
        .add(Injection::new("CreateSecurityGroup", Fault::Latency { milliseconds: 100 }));
    let params = group("left");
    let impatient = call(&sandbox, "CreateSecurityGroup", &params);
    assert!(tokio::time::timeout(Duration::from_millis(20), impatient).await.is_err());
    let done = async {
        while names(&sandbox).len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), done).await.unwrap();
}

#[tokio::test]
async fn parallel_calls_are_all_counted() {
    let sandbox = Arc::new(Sandbox::start().await);
    let mut calls = JoinSet::new();
    for port in 0..10 {
        let sandbox = Arc::clone(&sandbox);
        let params = json!({
            "SecurityGroupId": "sg-workers0",
            "SecurityGroupPolicySet": {
                "Ingress": [{"PolicyIndex": 0, "Protocol": "TCP", "Port": port.to_string(),
                             "Action": "ACCEPT"}],
            },
        });
        calls.spawn(async move { call(&sandbox, "CreateSecurityGroupPolicies", &params).await });
    }
    for answer in calls.join_all().await {
        assert_eq!(code(&answer), Value::Null);
    }
    let params = json!({"SecurityGroupId": "sg-workers0"});
    let rules =
        sandbox.call("vpc", "DescribeSecurityGroupPolicies", "ap-guangzhou", params).unwrap();
    let indices: Vec<_> = rules["SecurityGroupPolicySet"]["Ingress"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["PolicyIndex"].as_u64().unwrap())
        .collect();
    assert_eq!(indices, (0..15).collect::<Vec<_>>());
    assert_eq!(rules["SecurityGroupPolicySet"]["Version"], "11");
    assert_eq!(sandbox.log().count("CreateSecurityGroupPolicies"), 10);
}

#[tokio::test]
async fn rate_limits_can_be_switched_off() {
    let sandbox = Sandbox::start().await;
    let ask = async || {
        let mut refused = 0;
        for _ in 0..50 {
            let answer = call(&sandbox, "DescribeSecurityGroupLimits", &json!({})).await;
            refused += usize::from(code(&answer) == "RequestLimitExceeded");
        }
        refused
    };
    assert!(ask().await > 0);
    let behaviour = Behaviour { rate_limits: false, ..Behaviour::default() };
    sandbox.seed(Seed { behaviour: Some(behaviour), ..Seed::default() }).unwrap();
    assert_eq!(ask().await, 0);
}

#[tokio::test]
async fn cluster_is_served_on_the_same_port() {
    let sandbox = Sandbox::start().await;
    let head = "GET /api/v1/namespaces/my-namespace HTTP/1.1\r\nHost: x\r\n";
    let open = format!("{head}Authorization: Bearer sandbox-token\r\n");
    assert_eq!(body(&send(&sandbox, &open, "").await)["metadata"]["name"], "my-namespace");
    assert!(send(&sandbox, head, "").await.starts_with("HTTP/1.1 401 "));
    let entries = sandbox.log().entries();
    assert_eq!((entries[0].side, entries[0].status), (Side::Cluster, 200));

    assert_eq!(sandbox.state()["cluster"]["crd"]["installed"], true);
    let seed = json!({"crd": {"installed": false}, "namespaces": ["more"]});
    admin(&sandbox, "POST /_sandbox/seed", &seed).await;
    assert_eq!(sandbox.state()["cluster"]["crd"]["installed"], false);
}

#[tokio::test]
async fn admin_paths_seed_inspect_and_reset() {
    let sandbox = Sandbox::start().await;
    let before = body(&admin(&sandbox, "GET /_sandbox/state", &Value::Null).await);
    assert_eq!(before, sandbox.state());
    assert_eq!(before["cloud"]["groups"]["ap-guangzhou"]["sg-workers0"]["name"], WORKERS);

    let seed = json!({"groups": [{"name": "seeded", "tags": {"a": "b"}}]});
    let answer = body(&admin(&sandbox, "POST /_sandbox/seed", &seed).await);
    let id = answer["groups"][0].as_str().unwrap();
    let bad = json!({"groups": [{"name": "bad", "ingress": [{"Action": "MAYBE"}]}]});
    assert!(admin(&sandbox, "POST /_sandbox/seed", &bad).await.starts_with("HTTP/1.1 400 "));

    let delete = json!({
        "service": "vpc", "action": "DeleteSecurityGroup", "payload": {"SecurityGroupId": id},
    });
    assert_ne!(sandbox.state(), before);
    let answer = admin(&sandbox, "POST /_sandbox/call", &delete).await;
    assert_eq!(code(&answer), Value::Null);
    assert_eq!(sandbox.state(), before);
    assert_eq!(
        code(&admin(&sandbox, "POST /_sandbox/call", &delete).await),
        "InvalidSecurityGroupID.NotFound"
    );

    let log = body(&admin(&sandbox, "GET /_sandbox/log", &Value::Null).await);
    assert_eq!(log[0]["side"], "out_of_band");
    assert_eq!(log[0]["action"], "DeleteSecurityGroup");
    assert_eq!(log[0]["request"]["SecurityGroupId"], id);
    assert_eq!(log[1]["code"], "InvalidSecurityGroupID.NotFound");
    admin(&sandbox, "DELETE /_sandbox/log", &Value::Null).await;
    assert_eq!(sandbox.log().entries(), []);

    sandbox.faults().add(Injection::new("*", Fault::ServerError));
    admin(&sandbox, "DELETE /_sandbox/faults", &Value::Null).await;
    call(&sandbox, "CreateSecurityGroup", &group("pods")).await;
    assert_eq!(names(&sandbox), [WORKERS, "pods"]);
    admin(&sandbox, "POST /_sandbox/reset", &Value::Null).await;
    assert_eq!(sandbox.state(), before);
    assert_eq!(sandbox.log().entries(), []);
}

#[tokio::test]
async fn dropped_sandbox_closes_its_port_only() {
    let (one, other) = (Sandbox::start().await, Sandbox::start().await);
    let address = one.url().replace("http://", "");
    drop(one);
    let closed = async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), closed).await.unwrap();
    assert_eq!(code(&call(&other, "DescribeSecurityGroups", &json!({})).await), Value::Null);
}

#[tokio::test]
async fn no_response_keeps_the_connection_open_and_does_nothing() {
    let sandbox = Sandbox::start().await;
    sandbox.faults().add(Injection::new("CreateSecurityGroup", Fault::NoResponse));
    let params = group("pods");
    let created = call(&sandbox, "CreateSecurityGroup", &params);
    assert!(tokio::time::timeout(Duration::from_millis(200), created).await.is_err());
    assert_eq!((sandbox.faults().remaining(), names(&sandbox)), (0, vec![WORKERS.to_owned()]));
    assert_eq!(sandbox.log().entries()[0].status, 0);
}

#[tokio::test]
async fn large_response_is_valid_json_of_the_size_asked_for() {
    let sandbox = Sandbox::start().await;
    let fault = Fault::LargeResponse { bytes: 3 << 20 };
    sandbox.faults().add(Injection::new("CreateSecurityGroup", fault));
    let answer = call(&sandbox, "CreateSecurityGroup", &group("pods")).await;
    assert!(answer.len() > 3 << 20);
    assert_eq!(body(&answer)["Response"]["SecurityGroup"]["SecurityGroupName"], "pods");
}

#[tokio::test]
async fn error_message_is_sent_as_given_and_can_reflect_the_authorization() {
    let sandbox = Sandbox::start().await;
    let padding = "x".repeat(3 << 20);
    let message = format!("\u{1b}[31m\0\u{202e}{{authorization}}{padding}");
    let fault = Fault::Error { code: "InternalError".to_owned(), message };
    sandbox.faults().add(Injection::new("CreateSecurityGroup", fault));
    let answer = call(&sandbox, "CreateSecurityGroup", &group("pods")).await;
    let message = body(&answer)["Response"]["Error"]["Message"].take();
    let message = message.as_str().unwrap();
    assert!(message.starts_with("\u{1b}[31m\0\u{202e}TC3-HMAC-SHA256 Credential=AKIDsandbox/"));
    assert!(message.ends_with(&padding));
}

#[tokio::test]
async fn only_the_chosen_call_of_an_action_is_refused() {
    let sandbox = Sandbox::start().await;
    let fault = Fault::Error { code: "FailedOperation".to_owned(), message: String::new() };
    let fault = Injection { skip: 1, ..Injection::new("CreateSecurityGroup", fault) };
    sandbox.faults().add(fault);
    let mut codes = Vec::new();
    for name in ["first", "second", "third"] {
        codes.push(code(&call(&sandbox, "CreateSecurityGroup", &group(name)).await));
        call(&sandbox, "DescribeSecurityGroups", &json!({})).await;
    }
    assert_eq!(codes, [Value::Null, "FailedOperation".into(), Value::Null]);
    assert_eq!(names(&sandbox), [WORKERS, "first", "third"]);
}

#[tokio::test]
async fn endless_pages_promise_more_than_they_return() {
    let sandbox = Sandbox::start().await;
    let behaviour = Behaviour { endless_pages: true, ..Behaviour::default() };
    sandbox.seed(Seed { behaviour: Some(behaviour), ..Seed::default() }).unwrap();
    for offset in [0, 100, 100_000] {
        let params = json!({"Offset": offset.to_string(), "Limit": "100"});
        let answer = body(&call(&sandbox, "DescribeSecurityGroups", &params).await);
        let response = &answer["Response"];
        assert_eq!(response["SecurityGroupSet"].as_array().unwrap().len(), 100);
        assert_eq!(response["TotalCount"], offset + 101);
    }
}

#[tokio::test]
async fn tls_certificate_is_refused_until_it_is_trusted() {
    let sandbox = Sandbox::start_tls().await;
    let certificate = CertificateDer::from_pem_slice(sandbox.certificate().unwrap().as_bytes());
    let connect = async |roots: RootCertStore| {
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let address = sandbox.url().strip_prefix("https://").unwrap().to_owned();
        let stream = TcpStream::connect(&address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    assert!(connect(RootCertStore::empty()).await.is_err());

    let mut roots = RootCertStore::empty();
    roots.add(certificate.unwrap()).unwrap();
    let mut stream = connect(roots).await.unwrap();
    stream
        .write_all(b"GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(body(&answer)["minor"], "32");
}

#[tokio::test]
async fn stalled_tls_handshake_blocks_no_other() {
    let sandbox = Sandbox::start_tls().await;
    let address = sandbox.url().strip_prefix("https://").unwrap().to_owned();
    let stalled = TcpStream::connect(&address).await.unwrap();
    let mut other = TcpStream::connect(&address).await.unwrap();
    // Not a handshake: refused at once, with an alert.
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let refused = other.read_u8();
    assert!(tokio::time::timeout(Duration::from_secs(5), refused).await.is_ok());
    drop(stalled);
}

#[tokio::test]
async fn only_loopback_addresses_are_accepted() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    assert!(Sandbox::listen(everywhere).await.is_err());
}
