"""Bucket settings: the wanted, the actual, and the steps between them."""
