"""The check of many files at once: what is judged of one file, in processes side by side."""
