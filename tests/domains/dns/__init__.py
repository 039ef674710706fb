"""Where DNS leads hosts."""
