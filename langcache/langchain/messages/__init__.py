"""Chat messages: as data and back, in a key, and with placeholders in them."""
