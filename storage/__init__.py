"""Keeps: time series in InfluxDB or the embedded store, and the journal of everything decided."""
