"""The workflow of each CI system, written for one project."""
