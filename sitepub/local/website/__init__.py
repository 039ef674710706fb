"""The website endpoint: index and error pages, redirects, live reload."""
