"""The engine: arrays in, TopicFit out; needs nothing else of the worker."""
