"""A simulated city that speaks real SNMP, with feeders, batteries and thieves."""
