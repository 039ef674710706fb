"""Certificates of hosts."""
