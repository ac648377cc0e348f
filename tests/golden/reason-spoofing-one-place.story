# Spoofing: on the move, and always at one place
orders: pair.toml

His device says that it moves at 3 m/s, and three times in turn gives one place to the last digit. No receiver does that; a program that writes positions does. Suspected for five minutes.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 6000 speed=3
1:05 him 0 6000 speed=3
1:10 him 0 6000 speed=3
1:10 her 0 0 speed=0
1:15 him 0 6000 speed=3
2:00 him 0 6150 speed=3 course=0
2:00 her 0 0 speed=0
3:00 him 0 6300 speed=3 course=0
3:00 her 0 0 speed=0
4:00 him 0 6450 speed=3 course=0
4:00 her 0 0 speed=0
5:00 him 0 6600 speed=3 course=0
5:00 her 0 0 speed=0
6:00 him 0 6750 speed=3 course=0
6:00 her 0 0 speed=0
6:30 him 0 6900 speed=3 course=0
6:30 her 0 0 speed=0
7:00 wait
