"""Computers that cannot write."""
