"""``langcache doctor``: what could be wrong around a cache, each finding with its fix."""
