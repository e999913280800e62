"""The commands; each module registers its own."""

from todo.commands import agenda, basic

COMMANDS = (basic, agenda)
