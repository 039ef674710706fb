"""What serves a host: CDN, EdgeOne or the bucket, behind one protocol."""
