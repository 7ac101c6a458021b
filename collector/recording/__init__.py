"""Recordings of devices for the tests, with what identifies them masked."""
