"""JSON Schemas of what ``--json`` prints, for programs."""
