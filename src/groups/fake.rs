//! A cloud in memory, small enough to see through, for the tests of this module. It takes ten
//! milliseconds for each call, by the paused clock.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::{Value, json};

use super::Groups;
use crate::cloud::{Client, Config, Credentials, Failure, Reply, Request, Transport};

#[derive(Clone, Debug, Default)]
pub(super) struct Fake(Arc<Mutex<World>>);

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) groups: BTreeMap<String, FakeGroup>,
    /// Actions in the order in which they arrived.
    pub(super) log: Vec<String>,
    /// What shall go wrong with the next call of an action.
    pub(super) faults: VecDeque<(&'static str, Fault)>,
    /// Answer of the two actions that tell who holds a group.
    pub(super) usage: (u64, Vec<String>),
    made: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct FakeGroup {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) version: u64,
    pub(super) ingress: Vec<Value>,
    pub(super) egress: Vec<Value>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The service refuses with this code.
    Code(&'static str),
    /// Nothing is done, and there is no sensible answer.
    Down,
    /// It is done, and the answer is lost.
    Lost,
    /// Somebody else comes first.
    After(fn(&mut World)),
}

impl Fake {
    pub(super) fn groups(&self) -> Groups {
        let credentials =
            Credentials { secret_id: "id".into(), secret_key: "key".into(), token: None };
        let config = Config { credentials: Ok(credentials), ..Config::default() };
        Groups::new(Client::over(self.clone(), config))
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// How often an action has been called.
    pub(super) fn calls(&self, action: &str) -> usize {
        self.world().log.iter().filter(|called| *called == action).count()
    }
}

impl Transport for Fake {
    fn send(
        &self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + '_>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let action = request.headers["x-tc-action"].to_str().unwrap();
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            self.world().answer(action, &body)
        })
    }
}

impl World {
    pub(super) fn group(&mut self, id: &str) -> &mut FakeGroup {
        self.groups.entry(id.to_owned()).or_default()
    }

    fn answer(&mut self, action: &str, body: &Value) -> Result<Reply, Failure> {
        self.log.push(action.to_owned());
        let next = self.faults.front().filter(|(on, _)| *on == action);
        let fault = next.is_some().then(|| self.faults.pop_front()).flatten();
        let outcome = match fault {
            Some((_, Fault::Code(code))) => Err(code),
            Some((_, Fault::Down)) => return Ok(Reply { status: 503, body: Vec::new() }),
            Some((_, Fault::Lost)) => {
                self.done(action, body).unwrap();
                return Err(Failure::Lost("reset".into()));
            }
            Some((_, Fault::After(first))) => {
                first(self);
                self.done(action, body)
            }
            None => self.done(action, body),
        };
        let mut response =
            outcome.unwrap_or_else(|code| json!({ "Error": { "Code": code, "Message": "no" } }));
        response["RequestId"] = json!("r-1");
        Ok(Reply { status: 200, body: json!({ "Response": response }).to_string().into() })
    }

    fn done(&mut self, action: &str, body: &Value) -> Result<Value, &'static str> {
        match action {
            "CreateSecurityGroup" => {
                self.made += 1;
                let id = format!("sg-made{}", self.made);
                let group = self.group(&id);
                group.name = body["GroupName"].as_str().unwrap().to_owned();
                group.description = body["GroupDescription"].as_str().unwrap().to_owned();
                return Ok(json!({ "SecurityGroup": self.shown(&id) }));
            }
            "DescribeSecurityGroups" => {
                let ids = body["SecurityGroupIds"].as_array();
                let names = body["Filters"][0]["Values"].as_array();
                let set: Vec<Value> = self
                    .groups
                    .iter()
                    .filter(|(id, _)| ids.is_none_or(|ids| ids.contains(&json!(id))))
                    .filter(|(_, group)| {
                        names.is_none_or(|names| names.contains(&json!(group.name)))
                    })
                    .map(|(id, _)| self.shown(id))
                    .collect();
                return Ok(json!({ "TotalCount": set.len(), "SecurityGroupSet": set }));
            }
            "DescribeSecurityGroupAssociationStatistics" => {
                let kinds = json!([{ "InstanceType": "EKS", "InstanceCount": self.usage.0 }]);
                let id = &body["SecurityGroupIds"][0];
                let entry = json!({ "SecurityGroupId": id, "InstanceStatistics": kinds });
                return Ok(json!({ "SecurityGroupAssociationStatisticsSet": [entry] }));
            }
            "DescribeSecurityGroupReferences" => {
                let id = &body["SecurityGroupIds"][0];
                let entry =
                    json!({ "SecurityGroupId": id, "ReferredSecurityGroupIds": self.usage.1 });
                return Ok(json!({ "ReferredSecurityGroupSet": [entry] }));
            }
            "ModifyResourceTags" => return Ok(json!({})),
            _ => {}
        }

        let id = body["SecurityGroupId"].as_str().unwrap();
        let held = self.usage.0 > 0 || !self.usage.1.is_empty();
        let group = self.groups.get_mut(id).ok_or("ResourceNotFound")?;
        let policies = &body["SecurityGroupPolicySet"];
        let (direction, rules) = if policies["Ingress"].is_array() {
            ("Ingress", &mut group.ingress)
        } else {
            ("Egress", &mut group.egress)
        };
        if policies["Version"].as_str().is_some_and(|version| version != group.version.to_string())
        {
            return Err("UnsupportedOperation.VersionMismatch");
        }
        let sent = policies[direction].as_array().into_iter().flatten();
        match action {
            "DescribeSecurityGroupPolicies" => {
                return Ok(json!({ "SecurityGroupPolicySet": {
                    "Version": group.version.to_string(),
                    "Ingress": numbered(&group.ingress),
                    "Egress": numbered(&group.egress),
                } }));
            }
            "DeleteSecurityGroup" if held => return Err("ResourceInUse"),
            "DeleteSecurityGroup" => {
                self.groups.remove(id);
                return Ok(json!({}));
            }
            "ModifySecurityGroupAttribute" => {
                if let Some(name) = body["GroupName"].as_str() {
                    group.name = name.to_owned();
                }
                return Ok(json!({}));
            }
            "CreateSecurityGroupPolicies" => rules.extend(sent.cloned()),
            "ReplaceSecurityGroupPolicies" => {
                for rule in sent {
                    rules[index(rule)] = rule.clone();
                }
            }
            "DeleteSecurityGroupPolicies" => {
                for rule in sent {
                    rules.remove(index(rule));
                }
            }
            other => panic!("{other} is not faked"),
        }
        group.version += 1;
        Ok(json!({}))
    }

    fn shown(&self, id: &str) -> Value {
        let group = &self.groups[id];
        json!({
            "SecurityGroupId": id,
            "SecurityGroupName": group.name,
            "SecurityGroupDesc": group.description,
            "ProjectId": "0",
            "CreatedTime": "2025-12-09 23:14:50",
            "TagSet": [],
        })
    }
}

fn index(rule: &Value) -> usize {
    usize::try_from(rule["PolicyIndex"].as_u64().unwrap()).unwrap()
}

fn numbered(rules: &[Value]) -> Vec<Value> {
    let mut rules = rules.to_vec();
    for (index, rule) in rules.iter_mut().enumerate() {
        rule["PolicyIndex"] = json!(index);
    }
    rules
}
