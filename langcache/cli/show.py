"""``langcache show``."""

from typing import Annotated

import typer

from langcache.cli import formats
from langcache.cli.command import Session, command
from langcache.cli.output import Column, Report, Section, figures
from langcache.cli.trouble import Trouble
from langcache.runtime.features import typed
from langcache.runtime.inspection import EntryDetail, Leaf, entry_detail, resolve_key
from langcache.templating import Gap

__all__ = ["show"]


@command("langcache show 41a353331955", "langcache show --pipeline build_app code")
def show(
    session: Session,
    key: Annotated[str, typer.Argument(help="The entry's key, or as much of its beginning as is unique.")],
    pipeline: Annotated[str | None, typer.Option(help="Of this stage pipeline, with what was made from it.")] = None,
) -> Report:
    """One entry: its template, metadata, labels, key parts and expiry."""
    with session.cache() as cache:
        if pipeline is not None:
            from langcache.cli.stage_entry import stage_report

            return stage_report(cache, pipeline, key)
        entry = entry_detail(cache, resolve_key(cache, key))
    if entry is None:
        raise Trouble(f"the entry {key} was removed just now")
    return Report(entry.to_dict(), [_about(entry), _parts(entry), _template(entry)])


def _about(entry: EntryDetail) -> Section:
    row = entry.row
    tokens = f"{formats.count(entry.input_tokens)} in, {formats.count(entry.output_tokens)} out"
    return figures(
        [
            ("key", row.key),
            ("chain", row.chain),
            ("prompt version", row.prompt_version),
            ("generation type", row.generation_type),
            ("tags", ", ".join(row.tags) or None),
            ("state", entry.state),
            ("made", formats.moment(row.created_at)),
            ("fresh until", formats.moment(entry.fresh_until)),
            ("kept until", "for ever" if row.gone_at is None else formats.moment(row.gone_at)),
            ("size", formats.size(row.size_bytes)),
            ("model", entry.model),
            ("tokens", tokens),
            ("cost", formats.money(entry.cost_usd)),
        ]
    )


def _parts(entry: EntryDetail) -> Section:
    columns = [Column("part", folds=False), Column("value")]
    rows = [{"part": name, "value": typed(value)} for name, value in entry.parts.items()]
    return Section(columns, rows, "Key, part by part (features as normalised values, all else as digests)")


def _template(entry: EntryDetail) -> Section:
    columns = [Column("where"), Column("text")]
    rows = [{"where": leaf.path or "answer", "text": _text(leaf)} for leaf in entry.leaves]
    return Section(columns, rows, "Template (gaps in ⟦ ⟧)")


def _text(leaf: Leaf) -> str:
    return "".join(part if isinstance(part, str) else _gap(part) for part in leaf.segments)


def _gap(gap: Gap) -> str:
    writing = " ".join(filter(None, gap[1:]))
    return f"⟦{gap.name}: {writing}⟧" if writing else f"⟦{gap.name}⟧"
