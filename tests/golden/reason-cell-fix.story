# A cell fix alone
orders: pair.toml

It warns and never says breach; a prediction that knows more is not moved by it.
---
0:00 her 0 0 speed=0
0:00 him 0 6000 speed=0
0:30 her 0 0 speed=0
0:30 him 0 6000 speed=0
0:40 him 0 3000 source=lbs accuracy=600
5:00 him 0 100 source=lbs accuracy=600
5:30 her 0 0
9:00 him 0 100 source=lbs accuracy=600
9:30 her 0 0 source=wifi accuracy=40
10:00 him 0 200 source=wifi accuracy=25
10:30 her 0 0
