# At rest by the motion sensor
orders: pair.toml

No speed is reported; the device says whether it moves.
---
0:00 her 0 0 moving=false
0:01 him 0 2800 moving=true
0:30 her 0 0 moving=false
0:31 him 0 2700 moving=true
1:00 her 0 0 moving=false
1:01 him 0 2600 moving=true
9:00 him 0 2600 moving=false
20:00 wait
