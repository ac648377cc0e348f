# S9. A silent respondent
orders: pair.toml

He was driving towards her and then says nothing: she is told before he could be there, and a warning never becomes quieter by silence.
---
0:00 her 0 0 speed=0
0:00 him 0 3500 speed=12 course=180
1:00 him 0 3000 speed=12 course=180
1:00 her 0 0 speed=0
2:00 her 0 0 speed=0
3:00 her 0 0 speed=0
4:00 her 0 0 speed=0
5:00 her 0 0 speed=0
6:00 her 0 0 speed=0
7:00 him 0 5000 speed=0
7:30 her 0 0 speed=0
8:00 him 0 5000 speed=0
8:30 him 0 5000 speed=0
