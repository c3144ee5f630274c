resource "tke_security_group" "pods" {
  name = "my-pod-security-group"
}

resource "tke_security_group" "database_clients" {
  name = "database-clients"
}

# Pods of two labels get both groups. The order counts: rules of the first group are tried first.
resource "tke_security_group_policy" "app" {
  namespace = "my-namespace"
  name      = "my-security-group-policy"

  pod_selector = {
    match_labels = { app = "my-app" }
    match_expressions = [
      { key = "tier", operator = "In", values = ["web", "api"] },
    ]
  }

  security_group_ids = [
    tke_security_group.pods.id,
    tke_security_group.database_clients.id,
  ]
}
