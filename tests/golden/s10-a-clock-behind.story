# S10. A clock an hour behind, steadily
orders: pair.toml

A backlog drifts by all of its clock, a wrong clock by none of it.
---
0:00 her 0 0 speed=0
0:01 him 0 6000 clock=-3600
0:31 him 0 5000 clock=-3600
1:01 her 0 0 speed=0
1:02 him 0 4000 clock=-3600
1:32 him 0 3000 clock=-3600
2:02 him 0 300 clock=-3600
2:20 her 0 0 speed=0
2:32 him 0 290
