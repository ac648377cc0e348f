# He drives off from rest
orders: pair.toml

The filter widens until the fix fits: he is not smoothed back by hundreds of metres.
---
0:00 her 0 0 speed=0
0:01 him 0 2900 speed=0
0:30 her 0 0 speed=0
1:01 him 0 2900 speed=0
1:30 her 0 0 speed=0
2:01 him 0 2900 speed=0
2:30 her 0 0 speed=0
3:01 him 0 2900 speed=0
3:30 her 0 0 speed=0
4:01 him 0 2300
4:30 her 0 0 speed=0
5:01 him 0 1500
5:30 her 0 0 speed=0
5:45 him 0 900
6:00 him 0 450
