"""Which project this is: git, its remote, the mark in the state."""
