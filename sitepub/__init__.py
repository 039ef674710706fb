"""sitepub: a static-site publisher for Tencent Cloud."""

__version__ = "0.1.0"
