"""Commands for previews."""
