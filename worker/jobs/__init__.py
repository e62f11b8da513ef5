"""Kinds of job, and what becomes of an attempt; `operations` and the folders above it may import it."""
