"""Slots behind EdgeOne: turned on, shown, and the pointer to them."""
