"""Names for topics by a language model's HTTP API; off unless it is configured. lifecycle/ and settings import it."""
