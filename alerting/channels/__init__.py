"""Roads to people, one file each; `registry.py` lists them."""
