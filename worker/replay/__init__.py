"""`--once` and the tools to inspect a run: report, comparison, explanation, sweep; only `cli` imports it."""
