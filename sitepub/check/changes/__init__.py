"""Why so much changed: what the pages of two builds have in common that differs."""
