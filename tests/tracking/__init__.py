"""Runs and model versions in MLflow, by a real one where it is installed."""
