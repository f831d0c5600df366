"""Published extractors: PyTorch reference code, graphs without weights, packs, checkpoints of true format for tests."""
