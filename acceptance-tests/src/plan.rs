//! A plan: as Terraform prints it, and as data.

use std::collections::BTreeSet;

use serde_json::Value;

/// What Terraform intends to do.
#[derive(Debug)]
pub struct Plan {
    /// As `terraform plan` printed it.
    pub text: String,
    /// As `terraform show -json` tells it.
    pub json: Value,
}

impl Plan {
    /// Asserts what is done to one resource: `create`, `update`, `delete`, or several for a
    /// replacement; `no-op` for nothing.
    #[track_caller]
    pub fn assert_actions(&self, address: &str, expected: &[&str]) {
        let actions = &self.change(address)["actions"];
        assert_eq!(*actions, Value::from(expected), "{}", self.text);
    }

    /// Asserts that only this resource changes, in place, and in exactly these attributes.
    #[track_caller]
    pub fn assert_in_place(&self, address: &str, attributes: &[&str]) {
        let expected: BTreeSet<_> =
            attributes.iter().map(|name| (address.to_owned(), (*name).to_owned())).collect();
        assert_eq!(self.changed(), expected, "{}", self.text);
        self.assert_actions(address, &["update"]);
    }

    /// Asserts that one resource is imported and not changed.
    #[track_caller]
    pub fn assert_imports(&self, address: &str, id: &str) {
        self.assert_actions(address, &["no-op"]);
        assert_eq!(self.change(address)["importing"]["id"], id, "{}", self.text);
    }

    /// Address and attribute of every value that would be another known value afterwards. The id
    /// is left out where it follows from other attributes.
    pub fn changed(&self) -> BTreeSet<(String, String)> {
        let mut changed = BTreeSet::new();
        for resource in self.resources() {
            let address = resource["address"].as_str().unwrap_or_default();
            let change = &resource["change"];
            let names = [&change["before"], &change["after"]].map(Value::as_object);
            for name in names.into_iter().flatten().flat_map(serde_json::Map::keys) {
                let known = change["after_unknown"][name] != Value::Bool(true);
                if known && name != "id" && change["before"][name] != change["after"][name] {
                    changed.insert((address.to_owned(), name.clone()));
                }
            }
        }
        changed
    }

    fn change(&self, address: &str) -> &Value {
        let mut resources = self.resources();
        let resource = resources.find(|resource| resource["address"] == address);
        resource.map_or(&Value::Null, |resource| &resource["change"])
    }

    fn resources(&self) -> impl Iterator<Item = &Value> {
        self.json["resource_changes"].as_array().into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_known_differences() {
        let change = json!({
            "actions": ["update"],
            "before": { "id": "1", "port": "80", "name": "n", "generation": 1, "gone": "x" },
            "after": { "id": "2", "port": "443", "name": "n" },
            "after_unknown": { "generation": true },
        });
        let resource = json!({ "address": "a.b", "change": change });
        let plan = Plan { text: String::new(), json: json!({ "resource_changes": [resource] }) };
        plan.assert_in_place("a.b", &["port", "gone"]);
    }
}
