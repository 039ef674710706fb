"""The edge servers of CDN and EdgeOne: TLS, cache, rules, origin."""
