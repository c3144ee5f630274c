terraform {
  required_providers {
    tke = {
      source = "registry.terraform.io/terraform-provider-tke/tke"
    }
  }
}

# Keys come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, so that they are in no file.
provider "tke" {
  region = "ap-guangzhou"

  # The cluster that policies go to. Nothing is guessed: without this block, and without
  # KUBE_CONFIG_PATH or KUBE_HOST in the environment, there is no cluster.
  kubernetes = {
    config_path    = "~/.kube/config"
    config_context = "my-cluster"
  }
}
