# An order is revoked
orders: pair.toml

It ends at once, and asks nobody for more.
---
0:00 her 0 0
0:01 him 0 100
0:10 revoked
0:20 him 0 50
0:30 her 0 0
9:00 wait
