"""The commands; each module registers its own."""

from todo.commands import agenda, basic, due, tagging

COMMANDS = (basic, agenda, due, tagging)
