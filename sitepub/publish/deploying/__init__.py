"""A deploy under the lock: how it is to go, and its steps in order."""
