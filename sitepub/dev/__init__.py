"""A run of `sitepub dev`: what is watched, built, published and shown until the run ends."""
