"""Keys and passwords: what they look like, by name and by content, and the search for them."""
