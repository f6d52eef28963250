"""`steer demo`: a throw-away repository and scripted agents that behave like real ones, without network or key."""
