"""Commands about releases and stages, one a file."""
