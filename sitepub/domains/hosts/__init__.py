"""The hosts of a site: plan, setup, removal, claims, report."""
