"""The judge against a service that answers well and badly."""
