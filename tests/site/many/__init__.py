"""Tests of the folder: hook, scan, keys, types, headers."""
