"""Neighbors of documents, and the layout made of them; `clusters` and the stages of the engine may import it."""
