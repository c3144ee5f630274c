data "tke_cluster" "this" {
  name = "my-cluster"
}

# The group of the worker nodes, where CoreDNS runs.
output "worker_security_group_id" {
  value = data.tke_cluster.this.worker_security_group_id
}
