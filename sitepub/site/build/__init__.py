"""The build hook: its process, its environment, its signs of failure."""
