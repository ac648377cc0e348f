# The tag is the first device of the registry
orders: tag-first.toml

No row of any table has a meaning by its number: S13 once more, and its end.
---
0:00 her 0 0 speed=0
0:01 him 0 400 speed=0
0:15 her 0 0 speed=0
0:31 him 0 600 speed=0 accuracy=1.7
0:46 him 0 400 speed=0
1:16 him 0 800 speed=0
1:31 her 0 0 speed=0
1:46 him 0 800 speed=0
2:01 him 0 800 speed=0
2:16 him 0 3000 speed=12 course=0
2:31 her 0 0 speed=0
2:46 him 0 3400 speed=12 course=0
3:00 him 0 3500 speed=12 course=0
9:00 wait
