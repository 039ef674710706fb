"""Connections, answers, proxies, TLS, retries."""
