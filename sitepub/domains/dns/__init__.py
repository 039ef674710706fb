"""DNS records of hosts, in DNSPod and as resolvers answer."""
