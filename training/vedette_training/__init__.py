"""Offline training for Vedette: heads on features, export to packs. Nothing here runs in production."""

import os

# several threads for matrices this small only wait for each other, and one thread gives the same numbers every time
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
