"""Speed as ratios within one run: `make bench`. Timings are no tests, since they say more about the machine than about us."""
