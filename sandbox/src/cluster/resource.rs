//! The two resources that are served, by their names.

/// The API group of the add-on.
pub(super) const GROUP: &str = "vpcresources.tke.cloud.tencent.com";

/// Its only version.
pub(super) const VERSION: &str = "v1beta1";

pub(super) const POLICIES: Resource = Resource {
    group: GROUP,
    version: VERSION,
    plural: "securitygrouppolicies",
    singular: "securitygrouppolicy",
    short: "sgp",
    kind: "SecurityGroupPolicy",
    is_namespaced: true,
    verbs: &["create", "delete", "get", "list", "patch", "update"],
};

pub(super) const NAMESPACES: Resource = Resource {
    group: "",
    version: "v1",
    plural: "namespaces",
    singular: "namespace",
    short: "ns",
    kind: "Namespace",
    is_namespaced: false,
    verbs: &["create", "delete", "get", "list"],
};

/// A resource of the API.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) plural: &'static str,
    pub(super) singular: &'static str,
    pub(super) short: &'static str,
    pub(super) kind: &'static str,
    pub(super) is_namespaced: bool,
    /// What can be done with its objects here.
    pub(super) verbs: &'static [&'static str],
}

impl Resource {
    /// `apiVersion` of its objects.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `securitygrouppolicies.vpcresources.tke.cloud.tencent.com`, as most errors begin.
    pub(super) fn qualified(&self) -> String {
        self.with_group(self.plural)
    }

    /// `SecurityGroupPolicy.vpcresources.tke.cloud.tencent.com`, as others do.
    pub(super) fn group_kind(&self) -> String {
        self.with_group(self.kind)
    }

    fn with_group(&self, name: &str) -> String {
        if self.group.is_empty() { name.to_owned() } else { format!("{name}.{}", self.group) }
    }
}
