# Spoofing: an accuracy drawn by lot
orders: pair.toml

Sixteen fixes on the move, and the accuracy of each is another number between 5 and 7 m: programs that write positions draw it by lot, a receiver's goes with the sky. Suspected until five minutes after the last of them.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 6000 speed=8 accuracy=5.47
1:00 her 0 0 speed=0
1:05 him 40 6000 speed=8 accuracy=5.21
1:10 him 80 6000 speed=8 accuracy=5.79
1:15 him 120 6000 speed=8 accuracy=5.31
1:20 him 160 6000 speed=8 accuracy=5.13
1:25 him 200 6000 speed=8 accuracy=5.80
1:30 him 240 6000 speed=8 accuracy=6.84
1:30 her 0 0 speed=0
1:35 him 280 6000 speed=8 accuracy=6.60
1:40 him 320 6000 speed=8 accuracy=6.53
1:45 him 360 6000 speed=8 accuracy=5.44
1:50 him 400 6000 speed=8 accuracy=6.07
1:55 him 440 6000 speed=8 accuracy=5.55
2:00 him 480 6000 speed=8 accuracy=5.35
2:00 her 0 0 speed=0
2:05 him 520 6000 speed=8 accuracy=5.21
2:10 him 560 6000 speed=8 accuracy=5.43
2:15 him 600 6000 speed=8 accuracy=6.85
2:20 him 640 6000 speed=8 accuracy=6.66
3:00 him 1120 6000 speed=8 accuracy=9
3:00 her 0 0 speed=0
4:00 him 1600 6000 speed=8 accuracy=9
4:00 her 0 0 speed=0
5:00 him 2080 6000 speed=8 accuracy=9
5:00 her 0 0 speed=0
6:00 him 2560 6000 speed=8 accuracy=9
6:00 her 0 0 speed=0
7:00 him 3040 6000 speed=8 accuracy=9
7:00 her 0 0 speed=0
8:00 him 3520 6000 speed=8 accuracy=9
8:00 her 0 0 speed=0
8:30 wait
