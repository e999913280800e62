"""The account of a namespace: what all its processes did, kept in the store and read back as plain data."""
