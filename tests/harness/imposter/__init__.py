"""An upstream hub that answers as the Hub does, until a fault is planted in it.

repos: real git repositories and LFS objects; api, files, git: what is asked of them; server: ports,
threads and routes; ledger: what was asked and sent; faults and actions: what goes wrong.
"""

from .repos import ATTRIBUTES, Lfs, Repo, safetensors, seeded
from .server import Imposter

__all__ = ["ATTRIBUTES", "Imposter", "Lfs", "Repo", "safetensors", "seeded"]
