"""Who visited: where access records come from, one shape for all, and what can be counted from them."""
