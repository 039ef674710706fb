"""One edge function per zone, which leads the visitors of a host to a slot of its bucket."""
