"""Counts of requests, so that tests can check what a client sent."""

from __future__ import annotations

from collections import Counter


class RequestCounts:
    """Counts since the start or the last reset: by method, by operation, by status."""

    def __init__(self) -> None:
        self.methods: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.buckets: dict[str, Counter[str]] = {}
        self.running = 0
        """Requests under way."""

    def add(self, method: str, operation: str, bucket: str, status: int) -> None:
        """Count one answered request."""
        self.methods[method] += 1
        self.operations[operation] += 1
        self.statuses[str(status)] += 1
        if bucket:
            per_bucket = self.buckets.get(bucket)
            if per_bucket is None:
                per_bucket = self.buckets[bucket] = Counter()
            per_bucket[operation] += 1

    def reset(self) -> None:
        """Set all counts to zero."""
        self.methods.clear()
        self.operations.clear()
        self.statuses.clear()
        self.buckets.clear()

    def as_dict(self) -> dict[str, object]:
        """For ``GET /-/requests``."""
        return {
            "total": sum(self.methods.values()),
            "running": self.running,
            "methods": dict(self.methods),
            "operations": dict(self.operations),
            "statuses": dict(self.statuses),
            "buckets": {name: dict(counter) for name, counter in self.buckets.items()},
        }
