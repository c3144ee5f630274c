# A rule has no identifier in the cloud: its content is its id, in lower case.
# <group>_<direction>_<action>_<protocol>_<port>_<peer>
terraform import 'tke_security_group_rule.https["vpc"]' sg-12345678_ingress_accept_tcp_443_10.0.0.0/8
