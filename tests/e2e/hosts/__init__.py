"""Hosts that change."""
