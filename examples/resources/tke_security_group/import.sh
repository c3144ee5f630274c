# The id of the group; `<region>/<id>` where it is not in the provider's region.
terraform import tke_security_group.pods sg-12345678
