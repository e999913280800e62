"""The doors into LangChain apps."""
