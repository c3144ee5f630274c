//! The cloud side: signed JSON calls to VPC, Tag, TKE and STS.
//!
//! A call passes the same checks as at the real service: signature, request limit, action,
//! parameters. What an action does is a function of the account, the parameters and the time.

mod envelope;
mod list;
mod params;
mod rates;
mod signature;
mod sts;
mod tag;
mod tag_rules;
mod tke;
mod vpc;

use std::{
    future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode, request},
    response::{IntoResponse, Response},
};
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

pub use self::envelope::ApiError;
pub(crate) use self::envelope::envelope;
use self::{rates::Rates, signature::SignedRequest, tke::Tke, vpc::Vpc};
use crate::{
    behaviour::Behaviour,
    faults::{Fault, Faults, close_connection, reflect},
    log::{Entry, Log, Side},
    seed::{Credential, Seed},
};

/// Number of the account that owns everything.
const ACCOUNT: &str = "100000000001";

/// Longest request body of a call signed this way.
const LONGEST_BODY: usize = 10 << 20;

/// The regions of products with regional resources.
const REGIONS: &[&str] = &[
    "ap-bangkok",
    "ap-beijing",
    "ap-chengdu",
    "ap-chongqing",
    "ap-guangzhou",
    "ap-hongkong",
    "ap-jakarta",
    "ap-nanjing",
    "ap-seoul",
    "ap-shanghai",
    "ap-singapore",
    "ap-tokyo",
    "eu-frankfurt",
    "na-ashburn",
    "na-siliconvalley",
    "sa-saopaulo",
];

/// The outcome of an action.
type ActionResult = Result<Value, ApiError>;

/// What an action may know besides the account.
#[derive(Clone, Copy, Debug)]
struct Cx<'a> {
    behaviour: &'a Behaviour,
    region: &'a str,
    params: &'a Value,
    /// As VPC writes it.
    now: &'a str,
}

impl Cx<'_> {
    fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        params::read(self.params)
    }
}

/// The cloud of one sandbox. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Cloud {
    account: Arc<Mutex<Account>>,
    log: Log,
    faults: Faults,
    started: Instant,
}

#[derive(Debug, Default)]
struct Account {
    behaviour: Behaviour,
    credentials: Vec<Credential>,
    rates: Rates,
    vpc: Vpc,
    tke: Tke,
}

/// One call, signed or out of band.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) version: String,
    pub(crate) region: String,
    pub(crate) params: Value,
}

impl Cloud {
    /// An empty account.
    pub(crate) fn new(log: Log, faults: Faults) -> Self {
        Self { account: Arc::default(), log, faults, started: Instant::now() }
    }

    /// Serves one HTTP request.
    ///
    /// The work is a task of its own: a caller that disconnects does not cancel what it asked for.
    pub(crate) async fn serve(self, request: Request) -> Response {
        let answer = tokio::spawn(async move { self.answer(request).await });
        answer.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }

    /// An out-of-band call: unsigned, without limits and faults, logged as such.
    pub(crate) fn call_out_of_band(&self, call: &Call) -> (ActionResult, String) {
        let request_id = Uuid::new_v4().to_string();
        let outcome = self.account(|account| account.execute(call, clock()));
        let mut entry = call.entry(Side::OutOfBand, &request_id);
        entry.code = code(&outcome);
        self.log.push(entry);
        (outcome, request_id)
    }

    /// Adds to the account; returns the ids of the groups.
    pub(crate) fn seed(&self, seed: Seed) -> Result<Vec<String>, ApiError> {
        self.account(|account| account.seed(seed, clock()))
    }

    /// Returns to an empty account.
    pub(crate) fn reset(&self) {
        self.account(|account| *account = Account::default());
    }

    /// Everything that a call can change, in canonical order.
    pub(crate) fn dump(&self) -> Value {
        self.account(
            |account| json!({"groups": account.vpc.dump(), "clusters": account.tke.dump()}),
        )
    }

    async fn answer(&self, request: Request) -> Response {
        let request_id = Uuid::new_v4().to_string();
        let (head, body) = request.into_parts();
        let call = match self.receive(&head, body).await {
            Ok(call) => call,
            Err(error) => {
                let mut entry = Entry::new(Side::Cloud, header(&head, "x-tc-action"), 200);
                entry.request_id = Some(request_id.clone());
                entry.code = Some(error.code.to_string());
                self.log.push(entry);
                return envelope(Err(error), &request_id, None);
            }
        };
        let mut entry = call.entry(Side::Cloud, &request_id);
        let fault = self.faults.next(&call.action);
        let outcome = match &fault {
            Some(Fault::ServerError) => {
                entry.status = 503;
                self.log.push(entry);
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            Some(Fault::Throttle) => {
                let limit = rates::limit(&call.action).unwrap_or(20);
                Err(rates::exceeded(limit + 1, limit))
            }
            Some(Fault::Error { code, message }) => {
                Err(ApiError::new(code.clone(), reflect(message, &head.headers)))
            }
            Some(Fault::NoResponse) => {
                entry.status = 0;
                self.log.push(entry);
                return future::pending().await;
            }
            Some(Fault::Latency { milliseconds }) => {
                tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                self.execute(&call)
            }
            Some(Fault::LostResponse | Fault::LargeResponse { .. }) | None => self.execute(&call),
        };
        entry.code = code(&outcome);
        if fault == Some(Fault::LostResponse) {
            entry.status = 0;
            self.log.push(entry);
            return close_connection();
        }
        self.log.push(entry);
        envelope(outcome, &request_id, fault.as_ref())
    }

    /// Reads a call and checks its signature.
    async fn receive(&self, head: &request::Parts, body: Body) -> Result<Call, ApiError> {
        let payload = to_bytes(body, LONGEST_BODY).await.ok();
        let payload = payload.ok_or_else(|| {
            ApiError::new("RequestSizeLimitExceeded", "The request is larger than 10 MB.")
        })?;
        let signed = SignedRequest {
            method: head.method.as_str(),
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            payload: &payload,
        };
        let credentials = self.account(|account| account.credentials.clone());
        let service = signature::verify(signed, &credentials, clock())?;
        if head.method != Method::POST {
            return Err(ApiError::new("UnsupportedProtocol", "Only POST is supported here."));
        }
        let params = serde_json::from_slice(&payload).ok().filter(Value::is_object);
        let params = params.ok_or_else(|| {
            ApiError::new("InvalidParameter", "The request body is not a JSON object.")
        })?;
        Ok(Call {
            service,
            action: header(head, "x-tc-action"),
            version: header(head, "x-tc-version"),
            region: header(head, "x-tc-region"),
            params,
        })
    }

    fn execute(&self, call: &Call) -> ActionResult {
        let elapsed = self.started.elapsed();
        self.account(|account| {
            if account.behaviour.rate_limits {
                account.rates.count(&call.action, elapsed)?;
            }
            account.execute(call, clock())
        })
    }

    /// A panic in one call must not make the whole cloud unusable.
    fn account<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        act(&mut self.account.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Account {
    fn execute(&mut self, call: &Call, now: Timestamp) -> ActionResult {
        let Self { behaviour, vpc, tke, .. } = self;
        let Call { service, action, version, region, params } = call;
        let now = beijing_time(now);
        let cx = Cx { behaviour, region, params, now: &now };
        let Some(known) = version_of(service) else {
            let message = format!("The product `{service}` does not exist.");
            return Err(ApiError::new("NoSuchProduct", message));
        };
        if version != known {
            let message = format!("The version `{version}` of {service} does not exist.");
            return Err(ApiError::new("NoSuchVersion", message));
        }
        match service.as_str() {
            "vpc" => regional(cx).and_then(|()| vpc::dispatch(vpc, action, cx)),
            "tke" => regional(cx).and_then(|()| tke::dispatch(tke, action, cx)),
            "tag" => tag::dispatch(vpc, action, cx),
            _ => sts::dispatch(action, cx),
        }
    }

    fn seed(&mut self, seed: Seed, now: Timestamp) -> Result<Vec<String>, ApiError> {
        if let Some(behaviour) = seed.behaviour {
            self.behaviour = behaviour;
        }
        for credential in seed.credentials {
            self.credentials.retain(|known| known.secret_id != credential.secret_id);
            self.credentials.push(credential);
        }
        let now = beijing_time(now);
        let cx = Cx { behaviour: &self.behaviour, region: "", params: &Value::Null, now: &now };
        for cluster in seed.clusters {
            let region = cluster.region.clone();
            self.tke.seed(cluster, Cx { region: &region, ..cx });
        }
        let mut ids = Vec::new();
        for group in seed.groups {
            let region = group.region.clone();
            ids.push(self.vpc.seed(group, Cx { region: &region, ..cx })?);
        }
        Ok(ids)
    }
}

impl Call {
    /// A call of `service` in its one version.
    pub(crate) fn new(service: &str, action: &str, region: &str, params: Value) -> Self {
        Self {
            service: service.to_owned(),
            action: action.to_owned(),
            version: version_of(service).unwrap_or_default().to_owned(),
            region: region.to_owned(),
            params,
        }
    }

    fn entry(&self, side: Side, request_id: &str) -> Entry {
        let mut entry = Entry::new(side, &self.action, 200);
        entry.service.clone_from(&self.service);
        entry.scope.clone_from(&self.region);
        entry.request_id = Some(request_id.to_owned());
        entry.request = self.params.clone();
        entry
    }
}

/// The version of a product that the sandbox serves.
fn version_of(service: &str) -> Option<&'static str> {
    match service {
        "vpc" => Some("2017-03-12"),
        "tke" => Some("2018-05-25"),
        "tag" | "sts" => Some("2018-08-13"),
        _ => None,
    }
}

fn regional(cx: Cx<'_>) -> Result<(), ApiError> {
    match cx.region {
        "" => {
            let message = "The request is missing a required parameter `Region`.";
            Err(ApiError::new("MissingParameter", message))
        }
        region if REGIONS.contains(&region) => Ok(()),
        region => {
            let message = format!("The API does not support the region `{region}`.");
            Err(ApiError::new("UnsupportedRegion", message))
        }
    }
}

fn invalid_action(action: &str) -> ApiError {
    ApiError::new("InvalidAction", format!("The action `{action}` does not exist."))
}

fn code(outcome: &ActionResult) -> Option<String> {
    outcome.as_ref().err().map(|error| error.code.to_string())
}

fn header(head: &request::Parts, name: &str) -> String {
    let value = head.headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// VPC writes its times in China Standard Time, in every region.
fn beijing_time(now: Timestamp) -> String {
    let beijing = TimeZone::fixed(Offset::constant(8));
    now.to_zoned(beijing).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The one reader of the clock.
fn clock() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::REGION;

    /// An account as a sandbox starts with it, to be asked without signature.
    pub(super) struct TestAccount(Account);

    impl TestAccount {
        pub(super) fn new(behaviour: Behaviour) -> Self {
            let mut account = Account::default();
            let seed = Seed { behaviour: Some(behaviour), ..Seed::initial() };
            account.seed(seed, Timestamp::UNIX_EPOCH).unwrap();
            Self(account)
        }

        pub(super) fn seed(&mut self, seed: Value) -> Vec<String> {
            let seed = serde_json::from_value(seed).unwrap();
            self.0.seed(seed, Timestamp::UNIX_EPOCH).unwrap()
        }

        pub(super) fn ask(&mut self, service: &str, action: &str, params: Value) -> ActionResult {
            let call = Call::new(service, action, REGION, params);
            self.0.execute(&call, Timestamp::UNIX_EPOCH)
        }

        #[track_caller]
        pub(super) fn ok(&mut self, service: &str, action: &str, params: Value) -> Value {
            self.ask(service, action, params).unwrap()
        }

        #[track_caller]
        pub(super) fn err(&mut self, service: &str, action: &str, params: Value, code: &str) {
            assert_eq!(self.ask(service, action, params).unwrap_err().code, code);
        }
    }

    #[test]
    fn call_without_known_product_version_action_or_region_is_refused() {
        #[track_caller]
        fn check(change: impl FnOnce(&mut Call), code: &str) {
            let mut call = Call::new("vpc", "DescribeSecurityGroups", REGION, json!({}));
            change(&mut call);
            let outcome = Account::default().execute(&call, Timestamp::UNIX_EPOCH);
            assert_eq!(outcome.unwrap_err().code, code);
        }
        check(|call| call.service = "cvm".into(), "NoSuchProduct");
        check(|call| call.version = "2020-01-01".into(), "NoSuchVersion");
        check(|call| call.action = "DescribeVpcs".into(), "InvalidAction");
        check(|call| call.region = String::new(), "MissingParameter");
        check(|call| call.region = "ap-atlantis".into(), "UnsupportedRegion");
        check(|call| call.params = json!({"Offest": "0"}), "UnknownParameter");
    }

    #[test]
    fn group_is_found_in_its_own_region_only() {
        let mut account = TestAccount::new(Behaviour::default());
        account.ok("vpc", "DescribeSecurityGroups", json!({"SecurityGroupIds": ["sg-workers0"]}));
        let elsewhere = Call::new("vpc", "DescribeSecurityGroups", "ap-singapore", json!({}));
        let answer = account.0.execute(&elsewhere, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(answer["TotalCount"], 0);
    }

    #[test]
    fn times_are_in_china_standard_time() {
        assert_eq!(beijing_time(Timestamp::UNIX_EPOCH), "1970-01-01 08:00:00");
    }

    #[test]
    fn caller_identity_is_the_account() {
        let mut account = TestAccount::new(Behaviour::default());
        let identity = account.ok("sts", "GetCallerIdentity", json!({}));
        assert_eq!(identity["AccountId"], ACCOUNT);
    }
}
