"""The cloud API 3.0 side of the embedded cloud: one signature, one dispatcher, one module per service."""

from sitepub.local.cloud_api.dispatch import handle

__all__ = ["handle"]
