"""COS: objects, listings, multipart uploads, bucket settings."""
