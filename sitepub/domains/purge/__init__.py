"""What edges must forget after a deploy."""
