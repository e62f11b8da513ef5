"""Keeps models as bytes and JSON in a folder or an object store; all above the engine may import it."""
