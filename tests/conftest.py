"""For all tests: no property is judged by how long one example takes; the machine may be busy."""

from hypothesis import settings

settings.register_profile("steer", deadline=None)
settings.load_profile("steer")
