"""The commands; each module registers its own."""

from todo.commands import basic

COMMANDS = (basic,)
