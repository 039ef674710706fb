"""EdgeOne's zones: what has to be there before a host can be set up on EdgeOne."""
