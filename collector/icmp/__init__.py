"""Echoes: one socket for the whole city, paced sends, answers matched and timed by the kernel."""
