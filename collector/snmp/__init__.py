"""SNMP: our own codec for v1 and v2c on a few sockets, gufo-snmp for v3, one Session for both."""
