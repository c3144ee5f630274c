import {
  to = tke_security_group_rule.https["vpc"]
  identity = {
    security_group_id = "sg-12345678"
    direction         = "ingress"
    action            = "accept"
    protocol          = "tcp"
    port              = "443"
    peer              = "10.0.0.0/8"
  }
}
