"""What a run of a CI system does, how CI is set up, and the role that it takes."""
