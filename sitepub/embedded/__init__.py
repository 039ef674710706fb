"""The process of the embedded cloud, as its clients start and stop it."""
