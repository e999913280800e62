"""From an idea to a tested project, in stages that never lose work: the first customer of `langcache.stages`."""
