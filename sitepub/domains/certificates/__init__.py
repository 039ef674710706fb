"""Certificates of hosts: files, the SSL service, which one fits."""
