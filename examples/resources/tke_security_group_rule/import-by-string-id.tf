import {
  to = tke_security_group_rule.https["vpc"]
  id = "sg-12345678_ingress_accept_tcp_443_10.0.0.0/8"
}
