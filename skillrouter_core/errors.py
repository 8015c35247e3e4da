"""The error tree: everything the library raises on purpose.

Responsible for one exception type per remedy, so that callers can react by
type and people can react by reading. It knows nothing else of the project.

Every message has two halves: what value was offending, and what to do now.
"""

from __future__ import annotations


class SkillRouterError(Exception):
    """Base of all errors raised on purpose; `str(error)` is fit to be shown to a person."""


class UsageError(SkillRouterError):
    """An argument is outside what the call accepts (command line: exit 2)."""


class SourceError(SkillRouterError):
    """A catalog source cannot be read at all (missing, unsafe, or not a catalog)."""


class UnsafeArchiveError(SourceError):
    """An archive tries to escape its folder, links outside it, or unpacks beyond its cap."""


class WorkspaceError(SkillRouterError):
    """The workspace folder cannot be used (not writable, locked, damaged)."""


class DatabaseVersionError(WorkspaceError):
    """The database was written by a newer version of the program."""


class NotFoundError(SkillRouterError):
    """A named record (catalog, skill, query, job) does not exist."""


class IndexNotReadyError(SkillRouterError):
    """The index a call needs has not been built yet, or no longer matches its catalog."""


class ModelError(SkillRouterError):
    """A model cannot be used."""


class ModelNotFoundError(ModelError):
    """No model at that folder or hub id, or the hub is out of reach."""


class ModelIntegrityError(ModelError):
    """A model's files do not match their recorded digest, or are not safetensors."""


class ModelTooLargeError(ModelError):
    """A model does not fit into the memory of the device it should run on."""


class BenchmarkError(SkillRouterError):
    """A benchmark folder or a predictions file does not have the Eval-Core layout."""


class TrainingError(SkillRouterError):
    """Training cannot start or go on (too few pairs, a checkpoint of another run)."""


class LeakageError(TrainingError):
    """What is held out to measure with would be trained on; the message names it."""


class Cancelled(SkillRouterError):  # noqa: N818  # an outcome a person asked for, not a fault
    """The person watching asked for the work to stop; what was finished is kept."""
