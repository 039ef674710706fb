"""The lock of a site and its lease."""
