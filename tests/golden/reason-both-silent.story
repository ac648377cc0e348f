# Both are silent
orders: pair.toml

Both could have closed the distance: each is named once, and being seen ends it.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
14:00 wait
40:00 wait
41:00 him 0 6000 speed=0
41:30 him 0 6000 speed=0
42:00 her 0 0 speed=0
42:30 him 0 6000 speed=0
