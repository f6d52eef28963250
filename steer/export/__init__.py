"""Recordings as files for other people and programs. Secrets are taken out of the events first, then written."""
