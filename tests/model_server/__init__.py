"""A model that follows a script, behind the four APIs that coding agents speak; on loopback only."""
