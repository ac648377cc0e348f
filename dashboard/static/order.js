/** Which of a list may stay where they are when it is put into another order, so that as few as possible move. */

/**
 * The longest rising run (not necessarily adjacent) of `places`, as a set of indices; -1 stands for what is new and is never in it.
 * Patience sorting, n log n.
 */
export function staying(places) {
  const ends = []; // ends[k]: index of the smallest place that ends a run of length k + 1
  const before = new Array(places.length).fill(-1);
  places.forEach((place, index) => {
    if (place < 0) return;
    const length = firstNotBelow(ends, places, place);
    before[index] = length > 0 ? ends[length - 1] : -1;
    ends[length] = index;
  });
  const stay = new Set();
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index]) stay.add(index);
  return stay;
}

function firstNotBelow(ends, places, place) {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[ends[middle]] < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
