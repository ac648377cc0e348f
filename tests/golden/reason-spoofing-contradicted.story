# Spoofing: satellites and networks say different places
orders: pair.toml

By the satellites he is here, by the Wi-Fi networks around him nine kilometres away, three times in turn. One of the two is made up. Suspected for five minutes.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 8000 source=gps accuracy=8
1:00 her 0 0 speed=0
1:20 him 9000 8000 source=wifi accuracy=40
1:20 her 0 0 speed=0
1:40 him 0 8000 source=gps accuracy=8
1:40 her 0 0 speed=0
2:00 him 9000 8000 source=wifi accuracy=40
2:00 her 0 0 speed=0
2:20 him 0 8000 source=gps accuracy=8
2:20 her 0 0 speed=0
3:20 him 0 8000 speed=0
3:20 her 0 0 speed=0
4:20 him 0 8000 speed=0
4:20 her 0 0 speed=0
5:20 him 0 8000 speed=0
5:20 her 0 0 speed=0
6:20 him 0 8000 speed=0
6:20 her 0 0 speed=0
7:20 him 0 8000 speed=0
7:20 her 0 0 speed=0
8:20 him 0 8000 speed=0
8:20 her 0 0 speed=0
9:00 wait
