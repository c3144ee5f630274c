# The namespace and the name of the object.
terraform import tke_security_group_policy.app my-namespace/my-security-group-policy
