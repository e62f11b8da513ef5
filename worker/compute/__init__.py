"""The compute process and the messages that cross its pipe; `jobs` and the folders above it may import it."""
