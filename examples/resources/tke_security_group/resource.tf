resource "tke_security_group" "pods" {
  name        = "my-pod-security-group"
  description = "Pods of my-app"

  tags = {
    team = "network"
  }
}
