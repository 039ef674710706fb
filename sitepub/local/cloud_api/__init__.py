"""The cloud API 3.0 side of the embedded cloud: one signature, one dispatcher, one module per service."""
