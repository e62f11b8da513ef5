"""What operators look at: metrics, health, probes, the exit; `queue` and the folders above it may import it."""
