import {
  to = tke_security_group_policy.app
  id = "my-namespace/my-security-group-policy"
}
