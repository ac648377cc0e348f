# Strap and tracker apart
orders: pair.toml

One of the two was left behind.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 6000 tether=far
1:30 him 0 6000 tether=lost
2:00 him 0 6000 tether=near
2:30 her 0 0 tether=lost
3:00 her 0 0 tether=near
