"""Previews: deploy, list, remove, show."""
