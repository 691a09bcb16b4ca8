"""Hypothesis draws the same examples on every run and machine: a failure is never bad luck."""

from hypothesis import settings

settings.register_profile("softlib", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("softlib")
