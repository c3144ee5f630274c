# What `cargo xtask bench` measures on: groups, and rules spread evenly over them.

terraform {
  required_providers {
    tke = {
      source = "registry.terraform.io/terraform-provider-tke/tke"
    }
  }
}

variable "groups" {
  type = number
}

variable "rules" {
  type = number
}

variable "edited" {
  description = "Port of the rule in the middle."
  type        = number
  default     = 443
}

resource "tke_security_group" "it" {
  count = var.groups
  name  = "bench-${count.index}"
}

resource "tke_security_group_rule" "it" {
  count             = var.rules
  security_group_id = tke_security_group.it[count.index % var.groups].id
  direction         = "ingress"
  action            = "ACCEPT"
  protocol          = "TCP"
  port              = count.index == floor(var.rules / 2) ? var.edited : 10000 + count.index
  cidr_block        = "10.0.0.0/8"
}
