"""Cloud Log Service 2020-10-16."""
