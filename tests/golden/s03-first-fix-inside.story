# S3. The first fix ever is already inside
orders: pair.toml

Nothing has to cross an edge: being there is enough.
---
0:00 her 0 0
0:01 him 100 100
0:30 wait
