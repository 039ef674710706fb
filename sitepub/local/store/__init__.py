"""What is kept on disk: objects, their content, buckets, the access log."""
