"""The embedded cloud API 3.0: what all products share here, a folder for each product, and the gateway."""
