"""Which files change: by the system's events or by polling."""
