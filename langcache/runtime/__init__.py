"""The only layer with a clock, locks and sleeping: the cache, its flow, its account."""
