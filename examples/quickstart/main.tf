# A security group for Pods, from nothing to enforced: the group and its rules in the cloud, the
# policy that binds it to Pods in the cluster, in one plan and one apply.
#
# Where this goes is said by the environment alone: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY
# and TENCENTCLOUD_REGION name the cloud, KUBE_CONFIG_PATH (or KUBE_HOST and KUBE_TOKEN) the cluster.

terraform {
  required_providers {
    tke = {
      source = "registry.terraform.io/terraform-provider-tke/tke"
    }
  }
}

variable "cluster" {
  description = "Name of a TKE cluster with a super node and the SecurityGroupPolicy add-on."
  type        = string
  default     = "my-cluster"
}

variable "namespace" {
  description = "Namespace of the Pods. It must exist."
  type        = string
  default     = "my-namespace"
}

# The cluster tells which security group its worker nodes are in.
data "tke_cluster" "this" {
  name = var.cluster
}

# The firewall of the Pods. It is empty, and an empty group lets nothing through.
resource "tke_security_group" "pods" {
  name        = "my-pod-security-group"
  description = "My pod security group"
}

# CoreDNS runs on the worker nodes. Pods in the group may ask it for names; without these two
# rules a Pod reaches others by address only.
resource "tke_security_group_rule" "dns" {
  for_each = toset(["TCP", "UDP"])

  security_group_id            = data.tke_cluster.this.worker_security_group_id
  direction                    = "ingress"
  action                       = "ACCEPT"
  protocol                     = each.key
  port                         = "53"
  referenced_security_group_id = tke_security_group.pods.id
  description                  = "DNS over ${each.key} from my-app"
}

# Pods in the group talk to each other over any protocol and port.
resource "tke_security_group_rule" "among_pods" {
  security_group_id            = tke_security_group.pods.id
  direction                    = "ingress"
  action                       = "ACCEPT"
  referenced_security_group_id = tke_security_group.pods.id
}

# Pods in the group may call anything.
resource "tke_security_group_rule" "egress" {
  security_group_id = tke_security_group.pods.id
  direction         = "egress"
  action            = "ACCEPT"
  cidr_block        = "0.0.0.0/0"
}

# The cluster side: Pods labelled app=my-app get the group. It applies to Pods that start from now
# on; those that already run keep the groups they have until they are recreated.
resource "tke_security_group_policy" "app" {
  namespace          = var.namespace
  name               = "my-security-group-policy"
  pod_selector       = { match_labels = { app = "my-app" } }
  security_group_ids = [tke_security_group.pods.id]

  # Terraform has the last word: a field that somebody changed with kubectl is taken back.
  field_manager = { force_conflicts = true }
}

output "security_group_id" {
  description = "The group that Pods labelled app=my-app are in."
  value       = tke_security_group.pods.id
}

output "worker_security_group_id" {
  description = "The group of the cluster's worker nodes, which now accepts DNS from the Pods."
  value       = data.tke_cluster.this.worker_security_group_id
}
