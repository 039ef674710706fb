"""Rules of sitepub's own."""
