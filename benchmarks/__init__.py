"""benchmarks: what the promises cost, each figure beside a bare baseline that moves the same bytes."""
