"""What people and tests ask of the embedded cloud itself, below ``/-/``."""
