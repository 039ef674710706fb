"""What was live before, and where else the app is live."""
