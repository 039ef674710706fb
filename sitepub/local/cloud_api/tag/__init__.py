"""Tags of all products (Tag API 2018-08-13): those of buckets and of CDN domains."""
