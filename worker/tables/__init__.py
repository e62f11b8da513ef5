"""Tables of comments in files of people: CSV, JSON Lines, Parquet; which column is what. Imports next to nothing."""
