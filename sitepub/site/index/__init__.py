"""The index: what the folder looked like when it was last published, so that a deploy reads only what has changed."""
