# Her bracelet is silent
orders: pair.toml

She was at rest, so she is allowed the speed of a walk.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 2800 speed=0
2:00 him 0 2800 speed=0
3:00 him 0 2800 speed=0
4:00 him 0 2800 speed=0
5:00 him 0 2800 speed=0
6:00 him 0 2800 speed=0
7:00 him 0 2800 speed=0
8:00 him 0 2800 speed=0
9:00 him 0 2800 speed=0
10:00 him 0 2800 speed=0
11:00 him 0 2800 speed=0
12:00 him 0 2800 speed=0
13:00 him 0 2800 speed=0
14:00 him 0 2800 speed=0
15:00 him 0 2800 speed=0
16:00 him 0 2800 speed=0
17:00 him 0 2800 speed=0
18:00 her 0 0 speed=0
18:30 him 0 2800 speed=0
18:40 her 0 0 speed=0
19:00 him 0 2800 speed=0
