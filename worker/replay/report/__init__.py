"""The HTML report and the verdicts it gives; only `replay` imports it."""
