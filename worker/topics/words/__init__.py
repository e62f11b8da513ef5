"""Words of texts, and keywords of topics; the stages of the engine and `redaction` may import it."""
