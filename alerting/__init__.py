"""Tells: what is owed becomes a message, a recipient, a delivery, a receipt."""
