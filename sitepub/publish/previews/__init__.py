"""Previews: the working tree beside the live site, in a bucket and with a state of its own."""
