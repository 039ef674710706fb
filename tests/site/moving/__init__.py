"""Settings of other publishers."""
