"""The dashboard: kept models, training, drift and tracked runs as pages of Streamlit, which is an extra."""
