# S10. A clock stuck in 1970
orders: pair.toml

Judged by arrival.
---
0:00 her 0 0
0:01 him 0 3000 at=5000
1:00 her 0 0
1:01 him 0 300 at=5000
