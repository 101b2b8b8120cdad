"""What the documentation draws from the code: the life of a batch, both facades, faults."""
