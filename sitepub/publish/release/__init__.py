"""What is kept of releases, how one of them goes live, and how what is not needed is cleared away."""
