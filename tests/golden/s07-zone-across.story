# S7. Through a zone between two fixes
orders: zone.toml

Fixed zones are swept in the same way.
---
0:01 him 0 3000
2:00 him 0 -3000
3:00 him 0 -3600
4:00 him 0 -4300
9:00 wait
