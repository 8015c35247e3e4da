"""What a run was made with: the machine and the code.

Responsible for two facts that are kept with a run. Must not know the run.
"""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch
import transformers

ROOT = Path(__file__).parents[2]
GIT_SECONDS = 10.0


def machine() -> dict[str, Any]:
    """Return what the machine offers: processor, cores, accelerators, versions."""
    devices = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 0,
        "devices": devices,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def machine_key() -> str:
    """Return a name for machines that are equally fast, as far as one can tell."""
    found = machine()
    return f"{found['system']}, {found['cores']} cores, {', '.join(found['devices']) or 'no GPU'}"


def revision() -> str:
    """Return the commit of the code, with "-dirty" where files were changed since.

    Empty where the code is no git checkout of its own, or git is not installed.
    """
    if not (ROOT / ".git").exists():
        return ""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program, our own folder
            command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
