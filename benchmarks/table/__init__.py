"""One run of all that docs/performance.md shows: `python -m benchmarks`."""
