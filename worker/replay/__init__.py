"""`--once` and what people look at a run with: report, comparison, explanation, sweep; only `cli` imports it."""
