import {
  to = tke_security_group.pods
  identity = {
    id = "sg-12345678"
  }
}
