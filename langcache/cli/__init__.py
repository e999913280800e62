"""The command line: prints what the layers below return."""
