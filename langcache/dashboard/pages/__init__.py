"""One module per view: it reads what the layers below return, and puts it into a template."""
