"""The beginning of a run of dev: it is as soon ready as a deploy knows that nothing has changed."""
