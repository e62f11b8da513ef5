"""Models that live: what is kept of a fit, and what is done with it; `contract` and the folders above may import it."""
