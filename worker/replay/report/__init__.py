"""The HTML report, its verdicts on topics and its advice on parameters; only `replay` imports it."""
