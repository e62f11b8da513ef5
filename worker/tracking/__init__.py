"""Runs and model versions in MLflow, sent by a process of their own once the result is delivered."""
