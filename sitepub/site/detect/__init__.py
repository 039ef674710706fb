"""Which framework built the site."""
