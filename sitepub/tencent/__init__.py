"""The wire: credentials, object store, bucket settings, cloud API."""
