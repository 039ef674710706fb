"""One command per file: parse options, call one action, render the result."""
