"""What decides a key and what is written down: pure, no I/O, no clock, no LangChain."""
