"""One process, or several that train one network together.

Responsible for who does which share of a step, and for adding up what they found. Must not
know what a step is. Several processes are started by `accelerate launch` or `torchrun`; each
does every n-th accumulated batch of a step, so that their sum is what one alone would get.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from skillrouter_core.devices import pick_device
from skillrouter_core.errors import TrainingError

EXTRA = "Install the extra `train`: pip install 'skillrouter-studio[train]'"


@dataclass(frozen=True, slots=True)
class Workers:
    """One process among `size`; `rank` 0 alone writes files and reports."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def share(self, batches: Sequence[list[int]]) -> Sequence[list[int]]:
        """Return this process's batches of a step; their count over all is that of `batches`."""
        return batches[self.rank :: self.size]

    def add_up(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace every gradient by its sum over all processes."""
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:  # this process had no batch in a short last step
                parameter.grad = torch.zeros_like(parameter)
            torch.distributed.all_reduce(parameter.grad)

    def total(self, value: float) -> float:
        """Return the sum of a number over all processes."""
        if self.size == 1:
            return value
        box = torch.tensor([value], dtype=torch.float64, device=self.device)
        torch.distributed.all_reduce(box)
        return float(box[0])

    def any(self, flag: bool) -> bool:
        """Return whether the flag is up in any process."""
        return self.total(float(flag)) > 0


def alone() -> Workers:
    """Return this process as the only one, on the best device."""
    return Workers(pick_device())


def joined() -> Workers:
    """Return this process among those that a launcher started together, or alone.

    Raises TrainingError where several were started without the extra `train`.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return alone()
    state = _accelerate().PartialState(cpu=not torch.cuda.is_available())
    return Workers(state.device, state.process_index, state.num_processes)


def parted() -> None:
    """Leave the group of processes, if there is one."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _accelerate() -> Any:
    try:
        import accelerate
    except ImportError as error:
        raise TrainingError(f"Training on several GPUs needs accelerate. {EXTRA}") from error
    return accelerate
