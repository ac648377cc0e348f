# A long silence of both after a breach
orders: pair.toml

The breach stays; losing sight is said beside it.
---
0:00 her 0 0 speed=0
0:01 him 0 300 speed=0
59:00 wait
