# S10. A clock a day ahead does not silence a device
orders: pair.toml

Its fixes are dated by their arrival, and the clock is said to be wrong.
---
0:00 her 0 0
0:01 him 0 3000 clock=82800
1:00 her 0 0
1:01 him 0 2500 clock=82800
2:00 her 0 0
2:01 him 0 300 clock=82800
3:00 him 0 300
4:30 him 0 300
