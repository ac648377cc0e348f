// A worker's timers are not slowed down when another tab is in front: the page must notice a dead server there too.
setInterval(() => postMessage(null), 250);
