"""The five metrics and the diagnosis of a fit; only the pipeline imports it."""
