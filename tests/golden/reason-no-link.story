# The link to the broker is down
orders: pair.toml

Every order is "cannot see", at once.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 link down
1:30 link up
2:00 link down
2:30 him 0 300
3:00 link up
