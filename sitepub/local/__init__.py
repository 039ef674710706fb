"""The embedded cloud: the server that `--local` runs talk to. Imports nothing from the rest of sitepub."""
