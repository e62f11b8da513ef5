"""The command line beside `--once`."""
