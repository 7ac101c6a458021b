"""Judges: readings to evidence, evidence to incidents, incidents to what must be told. Pure, all of it."""
