"""What the compute process does with kept models; `compute` and the folders above it may import its values."""
