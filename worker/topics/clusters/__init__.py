"""Documents into clusters, and outliers into topics; the stages of the engine may import it."""
