resource "tke_security_group" "pods" {
  name = "my-pod-security-group"
}

# One rule for each network that may call the Pods. Adding a network appends its rule; the others
# stay where they are.
resource "tke_security_group_rule" "https" {
  for_each = {
    office = "203.0.113.0/24"
    vpc    = "10.0.0.0/8"
  }

  security_group_id = tke_security_group.pods.id
  direction         = "ingress"
  action            = "ACCEPT"
  protocol          = "TCP"
  port              = "443"
  cidr_block        = each.value
  description       = "HTTPS from ${each.key}"
}

# The other side of a rule can be a group.
resource "tke_security_group_rule" "among_pods" {
  security_group_id            = tke_security_group.pods.id
  direction                    = "ingress"
  action                       = "ACCEPT"
  referenced_security_group_id = tke_security_group.pods.id
}
