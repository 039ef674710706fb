"""The beginning of a deploy, which is all of it when nothing has changed."""
