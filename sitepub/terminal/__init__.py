"""How things look: console, progress, tables, JSON."""
