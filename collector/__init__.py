"""Asks the devices: ICMP sweeps, SNMP polls, traps; device profiles turn answers into readings."""
