# S13. A confident liar neither clears nor floods
orders: pair.toml

One fix 200 m off that claims 1.7 m: the breach stays until two fixes agree.
---
0:00 her 0 0 speed=0
0:01 him 0 400 speed=0
0:15 her 0 0 speed=0
0:16 him 0 400 speed=0
0:31 him 0 600 speed=0 accuracy=1.7
0:46 him 0 400 speed=0
1:01 him 0 400 speed=0
1:16 him 0 800 speed=0
1:31 her 0 0 speed=0
1:46 him 0 800 speed=0
2:01 him 0 800 speed=0
