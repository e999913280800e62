"""What the models are told. An edit here is another prompt hash, so nothing it made before is used again."""

__all__ = ["ARCHITECTURE", "IDEAS", "PHASE", "PHASES", "REVIEW", "ROLE"]

ROLE = "You are a senior engineer. You prefer few parts, plain names and code that is tested."

IDEAS = """\
Idea: {idea}

Propose the five features that matter most for a first version, each with one reason."""

REVIEW = """\
Idea: {idea}

Another engineer proposes:
{features}

Accept, by exact name, what belongs into a first version; reject the rest with a reason."""

ARCHITECTURE = """\
Idea: {idea}

Agreed features:
{features}

Plan a Python 3.11 project: one package, its modules and what each is for, and the conventions all code follows."""

PHASES = """\
Idea: {idea}

Architecture:
{architecture}

Split the work into ten micro-phases, numbered from 1, each building on those before. Name the files each writes and
the tests that show it works, as path::test_name. The first writes pyproject.toml, in which pytest finds the package;
the last a README.md and end-to-end tests."""

PHASE = """\
Phase {id}: {title}
Goal: {goal}
Write these files: {files}
With these tests among others: {tests}

Architecture:
{architecture}

The project so far:
{outline}

Answer with whole files only, each as

<file path="package/module.py">
...
</file>

A file that is there already is replaced."""
