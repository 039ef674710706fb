"""Search engines are notified of the pages that a deploy has changed."""
