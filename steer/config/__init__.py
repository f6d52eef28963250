"""Where things lie on disk, and what the operator configured."""
