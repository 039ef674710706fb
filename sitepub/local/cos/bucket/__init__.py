"""The settings of a bucket, each with its XML document."""
