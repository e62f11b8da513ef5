"""The model store, in a folder and in a real S3 server."""
