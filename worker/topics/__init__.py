"""The engine: arrays in, TopicFit out; imports nothing else of the worker."""
