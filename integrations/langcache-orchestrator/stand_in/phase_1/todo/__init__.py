"""A todo list for the command line."""
