"""Traps and informs: a socket here, a decoder in a child process, readings out of it."""
