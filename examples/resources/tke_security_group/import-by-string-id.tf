import {
  to = tke_security_group.pods
  id = "sg-12345678"
}
