"""Where tensors live: device, number format, threads and free memory.

Responsible for choosing hardware once and saying what it offers. Must not know
which model will run there.
"""

from __future__ import annotations

import os
from pathlib import Path

# Two torch threads on two cores spin against each other and cost a factor of ten unless
# waiting threads sleep; OpenMP reads this once, when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import torch

from skillrouter_core.errors import ModelTooLargeError

MEMINFO = Path("/proc/meminfo")

WORKING_SHARE = 1.3
"""Free memory wanted, as a multiple of the weights: room for activations and copies."""


def pick_device() -> torch.device:
    """Return CUDA where there is one, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def pick_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device multiplies it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "cpu" and cpu_has_bfloat16():
        return torch.bfloat16
    return torch.float32


def cpu_has_bfloat16() -> bool:
    """Return whether this CPU has bfloat16 dot products (AVX-512 BF16 or AMX)."""
    if not hasattr(torch.cpu, "get_capabilities"):  # older torch: correct, only slower
        return False
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def free_bytes(device: torch.device) -> int | None:
    """Return the bytes free for weights on a device, or None where nobody can tell."""
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        return int(free)
    if device.type == "cpu" and MEMINFO.exists():
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    return None


def require_memory(name: str, weight_bytes: int, device: torch.device) -> None:
    """Raise ModelTooLargeError if weights of that size will not fit the device."""
    free = free_bytes(device)
    needed = int(weight_bytes * WORKING_SHARE)
    if free is None or needed <= free:
        return
    raise ModelTooLargeError(
        f"Model {name!r} needs about {needed / 1e9:.1f} GB on {device.type}, where "
        f"{free / 1e9:.1f} GB are free. Close other programs, use a device with more memory, "
        f"or choose the profile 'compact'."
    )
