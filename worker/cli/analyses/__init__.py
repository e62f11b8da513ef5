"""`python -m worker train`, `predict`, `evaluate`, `monitor`, `tune`: their flags."""
