"""Counts: transitions and coverage become an uptime ledger that contractors are paid by."""
