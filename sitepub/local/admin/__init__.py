"""Pages of the embedded cloud itself, below ``/-/``: for sitepub and for tests."""
