# He pings on without a position
orders: pair.toml

Life, but not sight: believed far away at first, then "cannot see" before he could be there.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him nofix
1:00 her 0 0 speed=0
2:00 him nofix
2:00 her 0 0 speed=0
3:00 him nofix
3:00 her 0 0 speed=0
4:00 him nofix
4:00 her 0 0 speed=0
5:00 him nofix
5:00 her 0 0 speed=0
6:00 him nofix
6:00 her 0 0 speed=0
7:00 him nofix
7:00 her 0 0 speed=0
8:00 him nofix
8:00 her 0 0 speed=0
9:00 him nofix
9:00 her 0 0 speed=0
10:00 him nofix
10:00 her 0 0 speed=0
11:00 him nofix
11:00 her 0 0 speed=0
12:00 him nofix
12:00 her 0 0 speed=0
13:00 him nofix
13:00 her 0 0 speed=0
14:00 him 0 6000 speed=0
14:30 her 0 0 speed=0
