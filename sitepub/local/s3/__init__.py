"""Buckets under the names of S3: signatures, headers and documents, translated for the handlers of object storage."""
