"""SNMP: our own codec and user-based security, on one socket for each IP version."""
