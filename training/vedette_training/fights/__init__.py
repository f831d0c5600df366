"""The `fights` pack: a compact encoder of half a second of gray video, and heads on it, trained on real clips."""
