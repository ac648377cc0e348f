# S11. A past breach of a zone
orders: zone.toml

History for a zone, and hers is no matter.
---
0:00 him 0 5000 seq=1
9:00 him 0 5000 seq=9
9:01 him 0 100 seq=5 late=200
9:02 him 20 50 seq=4 late=260
9:03 her 0 0
9:04 her 0 0 seq=0 late=300
