"""The edge that stands for CDN and EdgeOne: TLS, cache, rules, origin."""
