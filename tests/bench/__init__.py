"""The benchmark harness measures what it says; no timing is asserted."""
