"""Speed and memory, as ratios against what people write without the app, in the same run."""
