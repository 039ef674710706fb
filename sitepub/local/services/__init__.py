"""State of the services of the cloud API: hosts, certificates, DNS zones, log topics, switches for tests."""
