"""The wire format: the envelope in, the result out; `compute` and the folders above it may import it."""
