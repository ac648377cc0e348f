# Outside an inclusion zone
orders: inclusion.toml

The breach is leaving.
---
0:00 him 0 0 speed=0
0:00 her 0 9000
0:30 him 0 250 speed=1
1:00 him 0 450 speed=5 course=0
1:30 him 0 600 speed=5 course=0
3:00 him 0 100 speed=0
3:10 her 0 9000
3:30 him 0 0 speed=0
3:31 her 0 9000
4:00 him 0 0 speed=0
4:30 him 0 0 speed=0
