"""The shortest deploy: neither the folder nor the state of the bucket has changed since the last one. What is imported
here is all that such a deploy loads."""
