"""What every part of the embedded cloud stands on: messages, errors, hosts, identity, times, faults."""
