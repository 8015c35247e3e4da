"""The newest scan and what was decided, in the formats people take away.

Responsible for the report's ingredients: reasons, files, the folders of catalogs. Must not
know how any format is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.dedup import (
    DuplicateReport,
    RowGroup,
    build_report,
    to_csv,
    to_json,
    to_markdown,
    to_script,
)
from skillrouter_core.dedup.keeper import reasons
from skillrouter_core.dedup.sarif import report_sarif
from skillrouter_core.errors import UsageError

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupsView
    from skillrouter_core.workspace.scans import Scans

FORMATS = ("csv", "json", "markdown", "script", "sarif")


def report(ws: Workspace, scans: Scans, view: GroupsView, profile: str) -> DuplicateReport:
    """Return everything an export needs at the view's thresholds."""
    scan, settled = view.scan, view.settled
    grouped = [row for group in view.grouping.groups for row in group.members]
    wanted = sorted({scan.ids[row] for row in (*grouped, *settled.standings)})
    skills, uses = ws.catalogs.skills_by_id(wanted), scans.uses(profile)

    def why(group: RowGroup) -> tuple[str, ...]:
        members = [skills.get(scan.ids[row]) for row in group.members]
        present = [skill for skill in members if skill is not None]
        if members[0] is None or len(present) < 2:
            return ()
        kept = group.keeper in settled.kept
        return reasons(present[0], present[1:], uses, kept=kept, only_hub=group.hubs == 1)

    return build_report(
        scan,
        view.thresholds,
        view.grouping,
        settled,
        paths={skill_id: skill.path for skill_id, skill in skills.items()},
        names={skill_id: skill.name for skill_id, skill in skills.items()},
        reasons=why,
        values=scans.exact(scan, profile),
    )


def export(ws: Workspace, found: DuplicateReport, name: str) -> str:
    """Return a report in one of `FORMATS`; raise UsageError for another."""
    if name == "script":
        return to_script(found, roots(ws))
    writers = {"csv": to_csv, "json": to_json, "markdown": to_markdown, "sarif": report_sarif}
    if name not in writers:
        raise UsageError(f"no export format {name!r}; choose one of: {', '.join(FORMATS)}")
    return writers[name](found)


def roots(ws: Workspace) -> dict[str, str]:
    """Return the folders that catalogs were read from, by catalog; those without one left out."""
    return {
        catalog.name: catalog.source
        for catalog in ws.catalogs.all()
        if Path(catalog.source).is_absolute() and Path(catalog.source).is_dir()
    }
