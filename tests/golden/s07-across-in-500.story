# S7. From one side to the other between two fixes, the way is a guess
orders: pair.toml

Three kilometres north, then three south: he went through her perimeter.
---
0:00 her 0 0 speed=0
0:01 him 0 3000
0:50 her 0 0 speed=0
5:00 him 0 -3000
5:30 her 0 0 speed=0
5:40 him 0 -3100
8:00 wait
