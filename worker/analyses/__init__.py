"""What a person asks of a table of comments, without a queue: train, predict, evaluate, monitor, tune."""
