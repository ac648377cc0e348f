# An approach that turns away
orders: pair.toml

Quiet only on evidence of two fixes of now.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 4500 speed=20 course=180
1:30 him 0 3900 speed=20 course=180
1:45 him 0 3600 speed=20 course=180
1:46 her 0 0 speed=0
2:15 him 0 3700 speed=20 course=0
2:30 him 0 4000 speed=20 course=0
2:31 her 0 0 speed=0
2:45 him 0 4300 speed=20 course=0
3:00 him 0 4600 speed=20 course=0
