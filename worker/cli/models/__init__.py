"""`python -m worker models`: look at kept models, choose which is active, export and delete them."""
