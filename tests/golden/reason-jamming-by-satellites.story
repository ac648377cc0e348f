# Jamming: all satellites at once
orders: pair.toml

On the open road, under eleven satellites, there is none from one report to the next, and none twenty seconds later: that is no underpass. His device says nothing of it. It ends a minute after they are back.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
1:00 him 0 6000 speed=12 course=90 satellites=11
1:00 her 0 0 speed=0
1:05 him 60 6000 speed=12 course=90 satellites=11
1:10 him 120 6000 speed=12 course=90 satellites=11
1:15 him nofix
1:15 her 0 0 speed=0
1:20 him nofix
1:25 him nofix
1:30 him nofix
1:30 her 0 0 speed=0
1:35 him nofix
1:40 him nofix
1:45 him 540 6000 speed=12 course=90 satellites=11
1:45 her 0 0 speed=0
1:50 him 600 6000 speed=12 course=90 satellites=11
2:00 him 720 6000 speed=12 course=90 satellites=11
2:10 him 840 6000 speed=12 course=90 satellites=11
2:10 her 0 0 speed=0
2:30 him 1080 6000 speed=12 course=90 satellites=11
2:45 him 1260 6000 speed=12 course=90 satellites=11
2:45 her 0 0 speed=0
2:52 him 1344 6000 speed=12 course=90 satellites=11
3:00 him 1440 6000 speed=12 course=90 satellites=11
3:10 wait
