"""All that exists for BERTopic's sake; only the pipeline imports it."""
