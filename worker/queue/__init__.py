"""All that knows BullMQ and Redis: pick-up, locks, delivery, shutdown; `replay` and `cli` may import it."""
