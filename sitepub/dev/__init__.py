"""Watching, rebuilding, live reload: what `sitepub dev` does all day."""
