# S12. A vague fix outside does not cry breach
orders: pair.toml

150 m of error at 200 m outside is a warning.
---
0:00 her 0 0 speed=0
0:01 him 0 700 accuracy=150 speed=0
0:10 her 0 0 speed=0
0:11 him 0 700 accuracy=150 speed=0
