"""Bytes in, bytes out: the contract of a store, and the stores."""
