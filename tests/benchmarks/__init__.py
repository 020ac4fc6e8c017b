"""Speed and memory, as ratios to a plain implementation in the same run."""
