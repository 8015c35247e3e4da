"""A plan as a POSIX shell script that prints what it would remove.

Responsible for a script that is safe to run on any checkout: it removes nothing without
`--apply`, nothing outside the catalogs' folders, and no folder that holds another skill. Paths
and names come from strangers and are quoted or left out. Must not run anything.
"""

from __future__ import annotations

import posixpath
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from skillrouter_core.archives import is_skill_file
from skillrouter_core.dedup.report import DuplicateReport, ReportMember

_HEAD = r"""#!/bin/sh
# Removes the folders of skills that people decided to merge or retire.
# It only prints what it would remove unless it is called with --apply.
#
#   sh THIS [--apply] [--root CATALOG FOLDER]...
#
# --root says where a catalog lies here. A folder is refused that lies outside its catalog's
# folder, is reached by a symbolic link, or holds another skill; so is one whose skill goes
# into another skill that is not there, or that lies in it.
# Exit: 0 fine, 1 something was refused, 2 wrong usage.
set -eu

apply=no
listed=0
refused=0

usage() {
  printf 'usage: sh %s [--apply] [--root CATALOG FOLDER]...\n' "$0" >&2
  exit 2
}

refuse() {
  printf 'refused: %s: %s\n' "$1" "$2" >&2
  refused=$((refused + 1))
}

# Sets $real to the folder without symbolic links, or to nothing where there is none.
resolve() {
  real=$(CDPATH='' cd -P -- "$1" 2>/dev/null && pwd -P && printf x) || real=
  # The x keeps a newline at the end of a name; here it goes, and the newline of pwd.
  real=${real%?x}
}

# Whether the skill that another goes into is there, and not inside the folder $real.
# keeper_stays ROOT FILE LABEL
keeper_stays() {
  if [ -z "$1" ]; then
    refuse "$3" 'where the skill it goes into lies is not known: give --root'
    return 1
  fi
  if [ ! -f "$1/$2" ]; then
    refuse "$3" 'the skill it goes into is not there'
    return 1
  fi
  going=$real
  resolve "$1/${2%/*}"
  keeper=$real
  real=$going
  case $keeper/ in
    "$going"/*)
      refuse "$3" 'the skill it goes into lies in the same folder'
      return 1 ;;
  esac
}

# remove ROOT FOLDER FILE KEEPER_ROOT KEEPER_FILE LABEL WHY
remove() {
  if [ -z "$1" ]; then
    refuse "$6" 'where its catalog lies is not known: give --root'
    return 0
  fi
  resolve "$1"
  root=$real
  if [ -z "$root" ]; then
    refuse "$6" 'its catalog is not at the folder given: give --root'
    return 0
  fi
  if [ ! -f "$root/$2/$3" ]; then
    printf 'not there any more: %s\n' "$6"
    return 0
  fi
  resolve "$root/$2"
  if [ "$real" != "$root/$2" ]; then
    refuse "$6" 'a symbolic link leads elsewhere'
    return 0
  fi
  skills=$(find "$real" -name '[Ss][Kk][Ii][Ll][Ll].[Mm][Dd]' | wc -l)
  if [ "$skills" -ne 1 ]; then
    refuse "$6" 'its folder holds other skills'
    return 0
  fi
  if [ -n "$5" ] && ! keeper_stays "$4" "$5" "$6"; then
    return 0
  fi
  listed=$((listed + 1))
  if [ "$apply" = yes ]; then
    rm -rf -- "$real"
    printf 'removed: %s (%s)\n' "$6" "$7"
  else
    printf 'would remove: %s (%s)\n' "$6" "$7"
  fi
}
"""

_TAIL = r"""
if [ "$apply" = yes ]; then
  printf '%s skills removed.\n' "$listed"
else
  printf '%s skills would be removed. Nothing was: call again with --apply.\n' "$listed"
fi
if [ "$refused" -gt 0 ]; then
  exit 1
fi
"""


@dataclass(frozen=True, slots=True)
class _Removal:
    """One line of the script: whose folder goes, and what must be there for that."""

    catalog: str
    folder: str
    file: str
    keeper_catalog: str
    keeper: str
    label: str
    why: str


def to_script(report: DuplicateReport, roots: Mapping[str, str]) -> str:
    """Return the script for the skills that the report's plan removes.

    `roots` are the folders of catalogs by name (the first part of a skill's id); a catalog
    without one needs `--root` when the script is run. Skills that are contested, have no
    SKILL.md of their own, a path that cannot be trusted or a folder that another catalog holds
    too are left out and named as such.
    """
    removals: list[_Removal] = []
    left_out: list[tuple[str, str]] = []
    for member in report.members():
        if not member.removed:
            continue
        reason = _reason_against(member) or _shared(member, roots)
        if reason:
            left_out.append((_shown(member.skill_id), reason))
        else:
            removals.append(_removal(member))
    # Inner folders first, so that an outer one that also goes is no longer in their way.
    removals.sort(key=lambda each: (each.catalog, -each.folder.count("/"), each.folder))
    named = {each.catalog for each in removals} | {each.keeper_catalog for each in removals}
    catalogs = sorted(named - {""})
    parts = [_HEAD, *_roots(catalogs, roots), ""]
    parts += [_call(each, catalogs) for each in removals]
    parts += [f"refuse {_words(label, reason)}" for label, reason in left_out]
    return "\n".join(parts) + "\n" + _TAIL


def _reason_against(member: ReportMember) -> str:
    """Return why a skill cannot be removed by a script, or an empty string."""
    if member.standing is not None and member.standing.contested:
        return "people disagree about it: settle that first"
    if not member.path:
        return "where it lies is not known: remove it by hand"
    if not is_skill_file(member.path.rpartition("/")[2]):
        return "it has no SKILL.md of its own: remove it by hand"
    if not _trustworthy(member.path):
        return "its path leads out of its catalog or holds characters that do not show"
    if "/" not in member.path:
        return "it lies at the root of its catalog: remove it by hand"
    return ""


def _shared(member: ReportMember, roots: Mapping[str, str]) -> str:
    """Return why a folder is not one catalog's to remove, or an empty string.

    The same folder read as two catalogs holds each skill twice on paper and once on disk.
    """
    own = _catalog(member.skill_id)
    if not roots.get(own):
        return ""
    place = PurePosixPath(posixpath.normpath(f"{roots[own]}/{member.path}"))
    for catalog, root in sorted(roots.items()):
        if catalog != own and root and place.is_relative_to(posixpath.normpath(root)):
            return f"its folder belongs to catalog {_shown(catalog)} too: remove it by hand"
    return ""


def _trustworthy(path: str) -> bool:
    """Return whether a path is relative, goes only downwards and shows what it is."""
    parts = path.split("/")
    hidden = any(unicodedata.category(char)[0] in "CZ" and char != " " for char in path)
    return not hidden and not {"", ".", ".."} & set(parts)


def _removal(member: ReportMember) -> _Removal:
    folder, _, file = member.path.rpartition("/")
    keeper = member.into_path if _trustworthy(member.into_path) else ""
    keeper = keeper if is_skill_file(keeper.rpartition("/")[2]) else ""
    return _Removal(
        catalog=_catalog(member.skill_id),
        folder=folder,
        file=file,
        keeper_catalog=_catalog(member.into) if keeper else "",
        keeper=keeper,
        label=_shown(member.skill_id),
        why=f"goes into {_shown(member.into)}" if member.into else "retired",
    )


def _catalog(skill_id: str) -> str:
    return skill_id.partition("/")[0]


def _roots(catalogs: Sequence[str], roots: Mapping[str, str]) -> list[str]:
    """Return the lines that set each catalog's folder, and read the arguments."""
    lines = [
        f"root_{number}={shlex.quote(_root(roots.get(catalog, '')))}  # {_shown(catalog)}"
        for number, catalog in enumerate(catalogs)
    ]
    cases = [
        f"        {shlex.quote(catalog)}) root_{number}=$folder ;;"
        for number, catalog in enumerate(catalogs)
    ]
    return [
        *lines,
        "",
        "while [ $# -gt 0 ]; do",
        "  case $1 in",
        "    --apply) apply=yes; shift ;;",
        "    --root)",
        "      [ $# -ge 3 ] || usage",
        "      case $3 in /*) folder=$3 ;; *) folder=./$3 ;; esac",
        "      case $2 in",
        *cases,
        "        *) printf 'nothing goes from a catalog of that name\\n' >&2; exit 2 ;;",
        "      esac",
        "      shift 3 ;;",
        "    *) usage ;;",
        "  esac",
        "done",
    ]


def _root(folder: str) -> str:
    """Return an absolute folder as it is; any other is not known when the script runs."""
    return folder if folder.startswith("/") and _shown(folder) == folder else ""


def _call(each: _Removal, catalogs: Sequence[str]) -> str:
    keeper_root = f'"$root_{catalogs.index(each.keeper_catalog)}"' if each.keeper_catalog else "''"
    return (
        f'remove "$root_{catalogs.index(each.catalog)}" {_words(each.folder, each.file)} '
        f"{keeper_root} {_words(each.keeper, each.label, each.why)}"
    )


def _words(*values: str) -> str:
    return " ".join(map(shlex.quote, values))


def _shown(text: str) -> str:
    """Return text on one line without anything that a terminal acts on or that does not show."""
    return "".join(
        "\ufffd" if unicodedata.category(char)[0] in "CZ" and char != " " else char for char in text
    )
