"""One folder, one database: the place that joins the engine and the store.

Responsible for opening both and for handing out the services that the pages and
the command line call: `catalogs`, `labels`, `indexing`, `routing`, `duplicates`, `map`.
Must not know who calls. Models are loaded by the services that need them, when they need them.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from db.migrate import open_database
from db.session import Database, sqlite_url
from skillrouter_core.errors import WorkspaceError
from skillrouter_core.listing import SkillFilter, SkillPage, SkillRow
from skillrouter_core.workspace.catalogs import Catalogs
from skillrouter_core.workspace.labels import Labels
from skillrouter_core.workspace.loading import CachedModels, Models

if TYPE_CHECKING:
    from skillrouter_core.models import Profile
    from skillrouter_core.workspace.agreement import Agreement
    from skillrouter_core.workspace.duplicates import Duplicates
    from skillrouter_core.workspace.evaluation import Evaluating
    from skillrouter_core.workspace.exchange import Exchange
    from skillrouter_core.workspace.indexing import Indexing
    from skillrouter_core.workspace.mapping import Mapping
    from skillrouter_core.workspace.queueing import Queueing
    from skillrouter_core.workspace.registry import Registry
    from skillrouter_core.workspace.routing import Routing
    from skillrouter_core.workspace.suites import Suites
    from skillrouter_core.workspace.training import Training

__all__ = ["Catalogs", "Labels", "SkillFilter", "SkillPage", "SkillRow", "Workspace"]

FOLDERS = ("vectors", "index", "models", "jobs")


class Workspace:
    """A folder with its database; safe to share between threads, to be closed once."""

    def __init__(
        self, home: Path, database_url: str, database: Database, models: Models | None = None
    ) -> None:
        """Take over an open database; callers use `Workspace.open`."""
        self.home = home
        self.database_url = database_url
        self.database = database
        self.models: Models = models or CachedModels()
        self.catalogs = Catalogs(database)
        self.labels = Labels(database)

    @classmethod
    def open(
        cls,
        home: Path | None = None,
        database_url: str | None = None,
        *,
        models: Models | None = None,
    ) -> Workspace:
        """Return the workspace in `home`, created and migrated as needed.

        `home` defaults to $SKILLROUTER_HOME, else a per-user data folder; `database_url` to
        $SKILLROUTER_DATABASE_URL, else the file skillrouter.db in `home`; `models` says
        where encoders and rerankers come from. Raises
        `WorkspaceError` where either cannot be used, `DatabaseVersionError` for a newer database.
        """
        home = (home or default_home()).expanduser().absolute()
        _create_folders(home)
        url = database_url or os.environ.get("SKILLROUTER_DATABASE_URL")
        url = url or sqlite_url(home / "skillrouter.db")
        return cls(home, url, open_database(url, home), models)

    def profile(self, name: str) -> Profile:
        """Return the models that a profile's name stands for in this workspace, now.

        For a built-in one these are the trained model's that was promoted for it, else its own;
        "shipped" is the default pair as it came; a trained model's name is itself. Raises
        UsageError naming what there is, ModelNotFoundError where a promoted model is gone.
        """
        from skillrouter_core.workspace.serving import resolve

        return resolve(self, name)

    @cached_property
    def registry(self) -> Registry:
        """The service that promotes trained models and rolls back."""
        from skillrouter_core.workspace.registry import Registry

        return Registry(self)

    @cached_property
    def indexing(self) -> Indexing:
        """The service that embeds texts and builds indexes."""
        from skillrouter_core.workspace.indexing import Indexing

        return Indexing(self)

    @cached_property
    def duplicates(self) -> Duplicates:
        """The service that finds near-copies and keeps what is decided about them."""
        from skillrouter_core.workspace.duplicates import Duplicates

        return Duplicates(self)

    @cached_property
    def agreement(self) -> Agreement:
        """The service that says how far people agree, and on what."""
        from skillrouter_core.workspace.agreement import Agreement

        return Agreement(self)

    @cached_property
    def map(self) -> Mapping:
        """The service that lays the catalog out as a picture."""
        from skillrouter_core.workspace.mapping import Mapping

        return Mapping(self)

    @cached_property
    def evaluation(self) -> Evaluating:
        """The service that runs benchmarks and keeps their outcomes."""
        from skillrouter_core.workspace.evaluation import Evaluating

        return Evaluating(self)

    @cached_property
    def exchange(self) -> Exchange:
        """The service that takes queries and labels in from files, and writes them."""
        from skillrouter_core.workspace.exchange import Exchange

        return Exchange(self)

    @cached_property
    def queue(self) -> Queueing:
        """The service that hands out pairs to be graded."""
        from skillrouter_core.workspace.queueing import Queueing

        return Queueing(self)

    @cached_property
    def routing(self) -> Routing:
        """The service that answers queries."""
        from skillrouter_core.workspace.routing import Routing

        return Routing(self)

    @cached_property
    def suites(self) -> Suites:
        """The service that runs the saved queries again and says what changed."""
        from skillrouter_core.workspace.suites import Suites

        return Suites(self)

    @cached_property
    def training(self) -> Training:
        """The service that trains encoders and rerankers from labels."""
        from skillrouter_core.workspace.training import Training

        return Training(self)

    def close(self) -> None:
        """Close the database; the workspace is not used afterwards."""
        self.database.close()

    def __enter__(self) -> Workspace:
        """Return the workspace itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def default_home() -> Path:
    """Return $SKILLROUTER_HOME, or the folder the system has for a program's data."""
    chosen = os.environ.get("SKILLROUTER_HOME")
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("skillrouter", appauthor=False)


def _create_folders(home: Path) -> None:
    try:
        for name in FOLDERS:
            (home / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"the workspace {home} cannot be written to ({error.strerror}); "
            "set SKILLROUTER_HOME to a folder you own"
        ) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise WorkspaceError(
            f"the workspace {home} is not writable for you; "
            "change its permissions, or set SKILLROUTER_HOME to a folder you own"
        )
