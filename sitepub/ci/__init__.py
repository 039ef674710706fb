"""CI systems: what a run says in their logs and at requests, and the workflows that start it."""
