# Two tags of one person apart
orders: two-tags.toml

Somebody has left one behind. The one that is nearer to her speaks for him.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
0:40 tag2 0 6000
2:00 tag2 0 8000 speed=5 course=0
2:01 him 0 6000 speed=0
2:30 her 0 0
3:00 him 0 6000
3:01 tag2 0 6000
3:02 her 0 0
3:30 tag2 0 100
3:35 tag2 0 100
3:40 tag2 0 100
