"""What a stage is, apart from its data: prompt hash, agent version, code; watched for edits while the process runs."""

import threading
from dataclasses import dataclass
from typing import Any

from langcache.core.classes import Classes
from langcache.core.encoding import canonical, digest
from langcache.runtime.doors import door
from langcache.stages.code import describe_code
from langcache.stages.declaration import PROMPT_DIGITS, Stage
from langcache.stages.objects import Behind

__all__ = ["Identities", "Identity"]


@dataclass(frozen=True, slots=True)
class Identity:
    """One stage's, as of now.

    Attributes:
        prompt_hash: declared, or of the prompts in its runnable; None if there is neither.
        code: digest of its code, its runnable's parts, or its version.
        validator: digest of its validator's code; None without.
    """

    prompt_hash: str | None
    code: str
    validator: str | None


class Identities:
    """Finds out what stages are.

    Args:
        classes: told of the classes that stages name, so that their outputs can be rebuilt in a new process.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._watched: dict[str, Any] = {}
        self._lock = threading.Lock()

    def of(self, stage: Stage) -> Identity:
        """Look at *stage* now: an edit since the last look is seen."""
        validator = None if stage.validate is None else self._digest_of(stage.validate)
        if stage.runnable is not None:
            prompt_hash, code = self._of_runnable(stage)
            return Identity(prompt_hash, code, validator)
        if stage.version is not None:
            return Identity(stage.prompt_hash, digest(canonical(["version", stage.version])), validator)
        return Identity(stage.prompt_hash, self._digest_of(stage.function), validator)

    def watched(self, stage: Stage) -> Any:
        """The runnable's watcher; a context manager to be held while the runnable runs."""
        with self._lock:
            if stage.name not in self._watched:
                self._watched[stage.name] = door("watched")(stage.runnable)
            return self._watched[stage.name]

    def _of_runnable(self, stage: Stage) -> tuple[str | None, str]:
        found = self.watched(stage).current()
        self._classes.meet(*found.classes)
        prompts = digest(canonical(["prompts", found.prompts]))[:PROMPT_DIGITS] if found.prompts else None
        functions = [] if stage.version is not None else [self._describe(code) for code in Behind.of(found).code]
        return stage.prompt_hash or prompts, digest(canonical(["runnable", stage.version, found.parts, functions]))

    def _digest_of(self, function: Any) -> str:
        return digest(canonical(["code", self._describe(function)]))

    def _describe(self, function: Any) -> Any:
        code = describe_code(function)
        self._classes.meet(*code.classes)
        return code.description
