"""Running git where it can ask nothing, be told nothing and not outstay its welcome.

Responsible for the environment, the options, the clock and the disk cap of every
git process. Must not know what is being fetched.

The person's own git configuration is not read: it may name hooks, filters,
helpers and rewritten URLs, and a repository's attributes choose among them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from skillrouter_core.errors import SourceError
from skillrouter_core.progress import Progress, ProgressListener

MAX_CLONE_BYTES = 4_000_000_000
"""A repository that takes more disk is given up."""

_POLL_SECONDS = 0.1
_MAX_MESSAGE_CHARS = 500
_KEPT_VARIABLES = (
    "PATH",
    "SSH_AUTH_SOCK",
    "SYSTEMROOT",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "GIT_SSL_CAINFO",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
)
_OPTIONS = (
    "core.hooksPath=/dev/null",
    "core.symlinks=false",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "credential.helper=",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "maintenance.auto=false",
    "gc.auto=0",
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.ssh.allow=always",
    "protocol.file.allow=always",
)


@dataclass(frozen=True, slots=True)
class Git:
    """Where git may write, what it fetches, how long it may take, and who listens."""

    folder: Path
    url: str
    timeout: float
    listener: ProgressListener


def run_git(git: Git, *arguments: str, stdin: bytes = b"") -> Path:
    """Run one git command in `git.folder` and return the file with what it printed.

    The listener is called while it runs and may raise `Cancelled`. Raises SourceError
    where git is missing, fails, takes too long or takes too much disk.
    """
    output, errors, source = (git.folder / name for name in ("output", "errors", "input"))
    source.write_bytes(stdin)
    settings = [part for option in _OPTIONS for part in ("-c", option)]
    with source.open("rb") as read, output.open("wb") as out, errors.open("wb") as err:
        try:
            process = subprocess.Popen(  # noqa: S603  # no shell; the URL stands behind `--`
                ["git", *settings, *arguments],  # noqa: S607  # PATH decides which git
                cwd=git.folder,
                env=_environment(git.folder),
                stdin=read,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise SourceError(
                f"git is not installed, so {git.url} cannot be fetched: install git, or import "
                "a folder or a zip"
            ) from error
        try:
            _wait(process, git)
        finally:
            _stop(process)
    if process.returncode != 0:
        raise SourceError(_failure(git.url, errors))
    return output


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "LC_ALL": "C",
    }


def _wait(process: subprocess.Popen[bytes], git: Git) -> None:
    started = time.monotonic()
    while True:
        try:
            process.wait(_POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            seconds = time.monotonic() - started
        git.listener(Progress("fetching the repository", 0, 0, seconds, "repositories"))
        if seconds > git.timeout:
            raise SourceError(
                f"{git.url} was not fetched within {git.timeout:g} seconds: try again, or clone "
                "it yourself and import the folder"
            )
        if _bytes_written(git.folder) > MAX_CLONE_BYTES:
            raise SourceError(
                f"{git.url} takes more than {MAX_CLONE_BYTES} bytes: clone it yourself and "
                "import the part you need"
            )


def _bytes_written(folder: Path) -> int:
    places = (folder, folder / "repo" / ".git" / "objects" / "pack")
    files = (file for place in places if place.is_dir() for file in os.scandir(place))
    total = 0
    for file in files:
        try:
            total += file.stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # git renamed it in between
            continue
    return total


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children (ssh, remote helpers) if it is still running."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failure(url: str, errors: Path) -> str:
    said = errors.read_text("utf-8", "replace").strip()[-_MAX_MESSAGE_CHARS:]
    reason = " ".join(said.split()) or "no reason given"
    if "could not read Username" in said or "Authentication failed" in said:
        return (
            f"{url} does not exist or asks for a login (git: {reason}). Passwords are never asked "
            "for here: check the address, use ssh with a key, or clone it and import the folder"
        )
    return f"{url} could not be fetched (git: {reason}). Check the address and your access to it"
