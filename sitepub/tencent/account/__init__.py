"""Who asks: credentials, profiles, roles, the account."""
