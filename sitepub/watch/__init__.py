"""Which files change, as the system tells or as a look finds."""
