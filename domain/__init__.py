"""The ground floor: the words every room speaks and the doors between them.

Standard library only; frozen, slotted; no I/O and no clock.
"""
