"""Who visited: where access records come from, one shape for all, and what can be told from them."""
