"""Which project this is: the remote of its repository, the mark in the state."""
