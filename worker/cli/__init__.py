"""The command line and what it starts; only `worker.__main__` imports it."""
