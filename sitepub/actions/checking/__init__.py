"""The checks before publishing, with what is known of the cloud."""
