"""What the services of the cloud API keep: hosts, certificates, DNS zones, log topics, switches for tests."""
