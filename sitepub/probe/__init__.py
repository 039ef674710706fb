"""A walk through what the embedded cloud claims of the real one, in a bucket of its own that is removed again."""
