import {
  to = tke_security_group_policy.app
  identity = {
    namespace = "my-namespace"
    name      = "my-security-group-policy"
  }
}
