"""The ground beside domain/: reads the files people edit, and tells every error at once, by line."""
