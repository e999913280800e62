"""The demo: a hundred applicants, two chains, a handful of provider calls."""
