# An order in force unseen
orders: pair.toml

It says so first, and never says calm of somebody it has not seen.
---
0:00 wait
0:05 her 0 0
4:00 wait
4:09 him 0 6000
5:00 wait
