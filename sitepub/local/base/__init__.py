"""What all rooms of the embedded cloud share: messages, errors, hosts, identity, times, faults."""
