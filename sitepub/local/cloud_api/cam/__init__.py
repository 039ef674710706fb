"""Cloud Access Management 2019-01-16."""
