"""What each problem of a skill means for routing, and what to do about it.

Responsible for the wording. Pure; must not know streamlit.
"""

from __future__ import annotations

from skillrouter_core.records import Problem

ADVICE = {
    Problem.NO_DESCRIPTION: (
        "The agent sees only a name. Write one or two sentences: what the skill does and when to "
        "use it."
    ),
    Problem.EMPTY_BODY: (
        "There is nothing to read or to follow. Write the instructions, or remove the skill."
    ),
    Problem.TOO_SHORT: (
        "The body says too little to be told from others. Add when to use it, steps, an example."
    ),
    Problem.TOO_LONG: (
        "Models read the beginning alone. Move reference material into files beside SKILL.md."
    ),
    Problem.NO_FRONTMATTER: (
        "The folder's name stands in for the name. Begin the file with `---`, name, description, "
        "`---`."
    ),
    Problem.BROKEN_FRONTMATTER: (
        "The block between the `---` lines is not valid YAML; what could be read was kept. Quote "
        "values that contain a colon."
    ),
    Problem.BAD_ENCODING: "The file is not UTF-8; some characters are wrong. Save it as UTF-8.",
    Problem.DUPLICATE_NAME: (
        "Another skill has the same name, so an agent cannot tell them apart by it. Rename one, or "
        "retire the copy."
    ),
}
"""Markdown of our own, by problem."""
