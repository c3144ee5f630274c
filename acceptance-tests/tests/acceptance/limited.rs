//! Resources whose operations end after three seconds.

pub(crate) const GROUP: &str = r#"
resource "tke_security_group" "it" {
  name     = "it"
  timeouts = { create = "3s" }
}
"#;

pub(crate) const POLICY: &str = r#"
resource "tke_security_group_policy" "it" {
  namespace          = "my-namespace"
  name               = "it"
  pod_selector       = { match_labels = { app = "my-app" } }
  security_group_ids = ["sg-12345678"]
  timeouts           = { create = "3s" }
}
"#;
