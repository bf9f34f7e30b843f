// How much a value grows with another, by least squares.

/** @param points pairs of what is counted along (seconds, say) and the value. */
export function slope(points: readonly (readonly [along: number, value: number])[]): number {
  const mean = (index: 0 | 1) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [alongMean, valueMean] = [mean(0), mean(1)];
  let [above, below] = [0, 0];
  for (const [along, value] of points) {
    above += (along - alongMean) * (value - valueMean);
    below += (along - alongMean) ** 2;
  }
  return above / below;
}
