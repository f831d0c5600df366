"""The small nets that weigh how far a figure lies from the figures its camera knows (src/score/figures)."""
