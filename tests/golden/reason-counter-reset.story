# A device whose counter was reset
orders: pair.toml

Its own clock tells that it is newer.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 5900 seq=900 boot=7
1:30 him 0 5800 seq=1 boot=1
2:00 her 0 0
2:30 him 0 3000 seq=2 boot=1
3:00 her 0 0
3:30 him 0 400 seq=3 boot=1
3:30 him 0 400 seq=3 boot=1
