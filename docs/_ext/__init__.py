"""What the documentation draws from the code: the life of a batch, and the two facades."""
