"""What is known of a site between two runs: state, manifest, releases."""
