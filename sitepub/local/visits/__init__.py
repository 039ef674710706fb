"""Visits as log files of the CDN and EdgeOne."""
