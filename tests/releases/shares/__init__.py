"""Releases for a share of the visitors, through the program and the embedded cloud."""
