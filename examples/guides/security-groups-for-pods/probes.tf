# The nodes may probe the Pods on the port of their health check.
resource "tke_security_group_rule" "probes" {
  security_group_id            = tke_security_group.pods.id
  direction                    = "ingress"
  action                       = "ACCEPT"
  protocol                     = "TCP"
  port                         = "80"
  referenced_security_group_id = data.tke_cluster.this.worker_security_group_id
  description                  = "Health checks"
}
