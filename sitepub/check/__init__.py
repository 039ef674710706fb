"""What is checked before publishing: references, sizes, what is gone, and why so much changed."""
