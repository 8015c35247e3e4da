"""`python -m skillrouter_core.train RUN_FOLDER encoder|reranker`: one network of a run.

Responsible for being started by `torchrun` or `accelerate launch`, one process a GPU, or alone.
Must not know the database: everything it needs lies in the run's folder.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from skillrouter_core.errors import Cancelled, SkillRouterError
from skillrouter_core.progress import silent
from skillrouter_core.records.training import TrainKind
from skillrouter_core.train.runner import ERROR, train_part
from skillrouter_core.train.workers import joined, parted


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and return 0 once done or stopped on request, else 1."""
    folder, part = arguments if arguments is not None else sys.argv[1:]
    try:
        train_part(Path(folder), TrainKind(part), silent, joined())
    except Cancelled:
        pass
    except SkillRouterError as error:
        sys.stderr.write(f"{error}\n")
        (Path(folder) / ERROR).write_text(str(error), encoding="utf-8")
        return 1
    finally:
        parted()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
