"""Custom domains: certificates, DNS records, and the edges (CDN, EdgeOne, COS) behind one protocol."""
