# A schedule opens over a still respondent and closes again
orders: schedule.toml

In force on Mondays from 02:05 to 02:10 in Querétaro; the story begins at 02:00.
---
0:00 her 0 0
0:00 him 0 100 speed=0
4:00 him 0 100 speed=0
4:30 her 0 0
5:01 wait
6:00 him 0 100
6:01 her 0 0
12:00 wait
