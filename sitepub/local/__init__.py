"""The embedded cloud: the other side of the wire. Imports nothing from the rest of sitepub."""
