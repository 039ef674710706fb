"""Slots: folders of the bucket that hold a release each. A deploy fills the idle one, then a pointer moves visitors."""
