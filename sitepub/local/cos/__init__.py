"""COS: objects, listings, multipart uploads, versions, signatures."""
