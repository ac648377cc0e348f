# S2. She walks to him while he is still
orders: pair.toml

The perimeter is hers: it moves with her, and alarms all the same.
---
0:00 him 0 3000 speed=0
0:00 her 0 0 speed=1.4 course=0
0:30 him 0 3000 speed=0
0:31 her 0 900 speed=1.4 course=0
1:00 him 0 3000 speed=0
1:01 her 0 1500 speed=1.4 course=0
1:30 him 0 3000 speed=0
1:31 her 0 2300 speed=1.4 course=0
1:46 her 0 2520 speed=1.4 course=0
2:01 her 0 2560 speed=1.4 course=0
