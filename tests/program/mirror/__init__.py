"""A program that shows the process it runs in, or does as its first word says: for comparing ways to start."""
