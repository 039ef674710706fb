"""What is known of the repository that a project lies in: git's own files, and the CI system that checked it out."""
