# S6. The perimeter is round
orders: kilometre.toml

At 45 degrees a square would alarm at 1,050 to 1,400 m.
---
0:00 him 989.9 989.9 speed=0
0:01 her 0 0 speed=0
0:10 him 848.5 848.5 speed=0
0:11 her 0 0 speed=0
0:20 him 749.5 749.5 speed=0
0:21 her 0 0 speed=0
0:30 him 749.5 749.5 speed=0
0:31 her 0 0 speed=0
0:40 him 700.0 700.0 speed=0
0:41 her 0 0 speed=0
0:50 him 689.4 689.4 speed=0
0:51 her 0 0 speed=0
